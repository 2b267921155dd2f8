/* {{ model }} for start-up code, self-test and emulator. Written by the compiler. */
#include "tfc/firmware.h"

#include "model.h"

{% for bytes in pools %}
{% if bytes %}
TFC_POOL({{ loop.index0 }}) static uint8_t pool{{ loop.index0 }}[{{ upper }}_POOL{{ loop.index0 }}_BYTES];
{% endif %}
{% endfor %}
static void *const arena[] = {
{% for bytes in pools %}
    {{ "pool" ~ loop.index0 if bytes else "0" }},
{% endfor %}
};
static const uint32_t pool_bytes[] = {{ pools | braces }};

static const struct tfc_tensor inputs[] = {
{% for tensor in inputs %}
    {{ [tensor.address.pool, tensor.address.offset, tensor.bytes] | braces }},
{% endfor %}
};

static const struct tfc_tensor outputs[] = {
{% for tensor in outputs %}
    {{ [tensor.address.pool, tensor.address.offset, tensor.bytes] | braces }},
{% endfor %}
};

static const uint8_t golden_inputs[] = {
{% for line in golden_inputs %}
{{ line }},
{% endfor %}
};

static const uint8_t golden_outputs[] = {
{% for line in golden_outputs %}
{{ line }},
{% endfor %}
};

static int run(void *const *pools) {
    return {{ model }}_run(pools, 0);
}

const struct tfc_firmware tfc_firmware = {
    .run = run,
    .arena = arena,
    .pool_bytes = pool_bytes,
    .pools = {{ upper }}_POOLS,
    .inputs = inputs,
    .input_count = {{ inputs | length }},
    .outputs = outputs,
    .output_count = {{ outputs | length }},
    .golden_inputs = golden_inputs,
    .golden_outputs = golden_outputs,
};
