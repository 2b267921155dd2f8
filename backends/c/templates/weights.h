/* {{ model }}: constants in flash. Written by the compiler. */
#ifndef {{ upper }}_WEIGHTS_H
#define {{ upper }}_WEIGHTS_H

#include "tfc/kernels.h"

{% for constant in constants %}
extern {{ constant.declaration }};
{% endfor %}

#endif
