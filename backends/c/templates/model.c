/* {{ model }}: a function a node, in the order of the schedule, each below the line of IR that it computes. Written by the compiler. */
#include "model.h"

#include "tfc/kernels.h"
#include "weights.h"

#define AT(pool, offset) ((void *)((char *)arena[pool] + (offset)))
{% for tensor in inputs + outputs %}
{% set macro = upper + "_" + tensor.upper %}
_Static_assert({{ macro }}_OFFSET + {{ macro }}_BYTES <= {{ upper }}_POOL{{ tensor.address.pool }}_BYTES, "{{ tensor.name }} lies in its pool");
_Static_assert({{ macro }}_BYTES == {{ macro }}_ELEMENTS * sizeof({{ tensor.ctype }}), "{{ tensor.name }} has its size");
{% endfor %}

#ifdef TFC_TIMES /* the self-test prints the cycles of each node */
void tfc_done(uint32_t node);
#define DONE(node) tfc_done(node);
#else
#define DONE(node)
#endif
{% for step in steps %}

/* {{ step.text }} */
{% if step.calls %}
static __attribute__((noinline)) void tfc_node_{{ step.index }}(void *const *arena) {
{% for call in step.calls %}
    static const struct {{ call.struct }} facts{{ loop.index0 }} = {{ call.fields }};
{% endfor %}
{% for call in step.calls %}
    tfc_{{ call.kernel }}(&facts{{ loop.index0 }}, {{ call.arguments }});
{% endfor %}
}
{% endif %}
{% endfor %}

static void copy(void *to, const void *from, uint32_t bytes) {
    char *y = to;
    const char *x = from;
    while (bytes-- > 0) *y++ = *x++;
}

int {{ model }}_run(void *const arena[{{ upper }}_POOLS], const struct {{ model }}_io *io) {
    static const uint32_t pool_bytes[{{ upper }}_POOLS] = {{ pools | braces }};
    for (int32_t i = 0; i < {{ upper }}_POOLS; i++) {
        if (pool_bytes[i] && (!arena[i] || (uintptr_t)arena[i] % {{ upper }}_POOL_ALIGNMENT)) return 1;
    }
{% for tensor in inputs %}
    if (io && io->{{ tensor.name }}) copy({{ model }}_{{ tensor.name }}(arena), io->{{ tensor.name }}, {{ upper }}_{{ tensor.upper }}_BYTES);
{% endfor %}
{% for step in steps if step.calls %}
    tfc_node_{{ step.index }}(arena);
    DONE({{ step.index }})
{% endfor %}
{% for tensor in outputs %}
    if (io && io->{{ tensor.name }}) copy(io->{{ tensor.name }}, {{ model }}_{{ tensor.name }}(arena), {{ upper }}_{{ tensor.upper }}_BYTES);
{% endfor %}
    return 0;
}
