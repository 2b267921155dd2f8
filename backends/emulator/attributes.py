"""What an ELF file says about the core that it was built for: the section .ARM.attributes (Arm, ABI for the Armv7 architecture)."""

from collections.abc import Iterator

ARCHITECTURE, PROFILE = 6, 7  # Tag_CPU_arch, Tag_CPU_arch_profile
TEXTS = (4, 5, 65, 67)  # tags whose value is a text, below 32; above, odd ones are
COMPATIBILITY = 32  # a number and a text
ARMV7E_M = 13
M_PROFILE_ONLY = {11: "Armv6-M", 12: "Armv6S-M", 13: "Armv7E-M", 16: "Armv8-M", 17: "Armv8-M", 21: "Armv8.1-M"}
PROFILES = {ord("A"): "an application core (A profile)", ord("R"): "a real-time core (R profile)"}
HEADER = b"aeabi\0"


def foreign_core(section: bytes) -> str:
    """What the code is for if a Cortex-M7 cannot run it; nothing if it can, or if the section does not tell."""
    attributes = dict(numbers(section))
    architecture, profile = attributes.get(ARCHITECTURE, 0), attributes.get(PROFILE, 0)
    if profile in PROFILES:
        return PROFILES[profile]
    if architecture in M_PROFILE_ONLY:
        return M_PROFILE_ONLY[architecture] if architecture > ARMV7E_M else ""
    return "an Armv8-A core" if architecture > ARMV7E_M else ""


def numbers(section: bytes) -> Iterator[tuple[int, int]]:
    """Tags and values of the whole file's public attributes, as far as they can be read."""
    start = section.find(HEADER)
    if start < 0:
        return
    at = start + len(HEADER) + 1  # behind Tag_File
    end = min(at - 1 + int.from_bytes(section[at : at + 4], "little"), len(section))
    at += 4
    while at < end:
        tag, at = uleb(section, at)
        is_text = tag in TEXTS or (tag > COMPATIBILITY and tag % 2 == 1)
        if not is_text:
            value, at = uleb(section, at)
            yield tag, value
        if is_text or tag == COMPATIBILITY:
            at = section.find(b"\0", at) + 1 or end


def uleb(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends; the data's end ends it too."""
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not data[at - 1] & 0x80:
            break
    return value, at
