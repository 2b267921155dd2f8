/* {{ model }}: constants in flash. Written by the compiler. */
#include "weights.h"
{% for constant in constants %}

{{ constant.declaration }} __attribute__((aligned(4))) = {
{% for line in constant.lines %}
{{ line }},
{% endfor %}
};
{% endfor %}
