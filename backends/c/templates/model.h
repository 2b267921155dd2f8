/* {{ model }}: one inference over an arena of the caller's. Written by the compiler; C11 and C++.
 * No memory is allocated, nothing is printed, and no state is kept: calls with different arenas may run side by side. */
#ifndef {{ upper }}_MODEL_H
#define {{ upper }}_MODEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The arena: {{ pools | length }} pool{{ "" if pools | length == 1 else "s" }}, each aligned to {{ alignment }} bytes. */
#define {{ upper }}_POOLS {{ pools | length }}
#define {{ upper }}_POOL_ALIGNMENT {{ alignment }}
{% for bytes in pools %}
#define {{ upper }}_POOL{{ loop.index0 }}_BYTES {{ bytes }}
{% endfor %}
{% for tensor in inputs + outputs %}
{% set macro = upper + "_" + tensor.upper %}

/* {{ "Input" if loop.index0 < inputs | length else "Output" }} {{ tensor.name }}: an integer q stands for {{ tensor.scale }} * (q - {{ tensor.zero_point }}). */
#define {{ macro }}_SHAPE {{ tensor.shape | braces }}
#define {{ macro }}_RANK {{ tensor.shape | length }}
#define {{ macro }}_ELEMENTS {{ tensor.elements }}
#define {{ macro }}_BYTES {{ tensor.bytes }}
#define {{ macro }}_POOL {{ tensor.address.pool }}
#define {{ macro }}_OFFSET {{ tensor.address.offset }}
#define {{ macro }}_SCALE {{ tensor.scale }}
#define {{ macro }}_ZERO_POINT ({{ tensor.zero_point }})
{% endfor %}

/* Pointers to tensors of the caller's; 0 where a tensor lies in the arena, at its pool and offset. */
struct {{ model }}_io {
{% for tensor in inputs %}
    const {{ tensor.ctype }} *{{ tensor.name }};
{% endfor %}
{% for tensor in outputs %}
    {{ tensor.ctype }} *{{ tensor.name }};
{% endfor %}
};

/* One inference; io may be 0. Returns 0, or 1 where a pool is missing or not aligned. */
int {{ model }}_run(void *const arena[{{ upper }}_POOLS], const struct {{ model }}_io *io);
{% for tensor in inputs + outputs %}
{% set macro = upper + "_" + tensor.upper %}
{% set function = model + "_" + tensor.name %}

/* {{ tensor.name }} in the arena. */
static inline {{ tensor.ctype }} *{{ function }}(void *const arena[{{ upper }}_POOLS]) {
    return ({{ tensor.ctype }} *)(void *)((char *)arena[{{ macro }}_POOL] + {{ macro }}_OFFSET);
}
{% if tensor.ctype in ("int8_t", "int16_t") %}

static inline {{ tensor.ctype }} {{ function }}_from_float(float value) {
    float steps = value / (float){{ macro }}_SCALE + (float){{ macro }}_ZERO_POINT;
    if (steps <= {{ "INT8_MIN" if tensor.ctype == "int8_t" else "INT16_MIN" }}) return {{ "INT8_MIN" if tensor.ctype == "int8_t" else "INT16_MIN" }};
    if (steps >= {{ "INT8_MAX" if tensor.ctype == "int8_t" else "INT16_MAX" }}) return {{ "INT8_MAX" if tensor.ctype == "int8_t" else "INT16_MAX" }};
    return ({{ tensor.ctype }})(int32_t)(steps < 0 ? steps - 0.5f : steps + 0.5f);
}

static inline float {{ function }}_to_float({{ tensor.ctype }} q) {
    return (float){{ macro }}_SCALE * (float)(q - {{ macro }}_ZERO_POINT);
}

/* Pixels 0 to 255 stand for 0 to 1. */
static inline {{ tensor.ctype }} {{ function }}_from_pixel(uint8_t pixel) {
{% if tensor.pixels %}
    int32_t q = (pixel * {{ tensor.pixels.multiplier }} + ({{ tensor.pixels.constant }})) >> {{ tensor.pixels.shift }};
    return (int8_t)(q > INT8_MAX ? INT8_MAX : q);
{% else %}
    return {{ function }}_from_float((float)pixel / 255.0f);
{% endif %}
}

static inline uint8_t {{ function }}_to_pixel({{ tensor.ctype }} q) {
    float pixel = 255.0f * {{ function }}_to_float(q) + 0.5f;
    return pixel <= 0.0f ? 0 : pixel >= 255.0f ? 255 : (uint8_t)pixel;
}
{% endif %}
{% endfor %}

#ifdef __cplusplus
}
#endif
#endif
