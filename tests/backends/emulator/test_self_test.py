"""The firmware's own main, from reset, through semihosting."""

from tfc.backends.emulator.machine import Machine
from tfc.backends.toolchain import build


def test_right_golden_output_passes(toy):
    result = toy().self_test()
    assert (result.exit_code, result.text) == (0, "PASS\n")


def test_wrong_golden_output_fails_and_says_where(toy_folder, tmp_path, target, model, toy, golden_input):
    outputs = bytearray(b"".join(toy().run([golden_input]).outputs))
    outputs[5] ^= 0x80
    machine = Machine(build(toy_folder(tmp_path, golden=bytes(outputs)), target), target)
    result = machine.self_test()
    was = int.from_bytes(machine.firmware.golden_outputs[0][5:6], signed=True)
    assert result.exit_code == 1
    assert result.text == f"FAIL: output 0, byte 5: is {was ^ -0x80}, expected {was}\n"


def test_a_self_test_leaves_runs_alone(toy, golden_input):
    machine = toy()
    run = machine.run([golden_input])
    assert machine.self_test() == machine.self_test()
    assert machine.run([golden_input]) == run


def test_golden_data_can_be_read_from_the_firmware(toy, golden_input):
    firmware = toy().firmware
    assert firmware.golden_inputs == (golden_input,)
    assert firmware.golden_outputs == toy().run([golden_input]).outputs


def test_an_exit_inside_the_model_gives_its_code(toy):
    assert toy("no_return").self_test().exit_code == 3
