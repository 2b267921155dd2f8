/* 64-bit division of the Arm run-time ABI: n in r0:r1, d in r2:r3; quotient in r0:r1, remainder in r2:r3.
 * Division by zero gives quotient 0 and remainder n, as UDIV would. */
    .syntax unified
    .thumb

    .macro function name
    .section .text.\name, "ax", %progbits
    .balign 4
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    .macro clz64 count, low, high
    clz \count, \high
    cmp \high, #0
    itt eq
    clzeq \count, \low
    addeq \count, \count, #32
    .endm

    .macro negate low, high
    rsbs \low, \low, #0
    sbc \high, \high, \high, lsl #1 /* carry − high */
    .endm

    function __aeabi_uldivmod
    orrs ip, r1, r3
    bne 1f
    udiv ip, r0, r2 /* both fit 32 bits */
    mls r2, ip, r2, r0
    mov r0, ip
    bx lr
1:  push {r4, r5, r6, r7, lr}
    movs r4, #0 /* quotient in r4:r5 */
    movs r5, #0
    clz64 r6, r2, r3
    clz64 r7, r0, r1
    cmp r6, #64
    beq 4f /* d = 0 */
    subs r6, r6, r7
    bmi 4f /* d > n */
    subs r7, r6, #32
    rsb ip, r6, #32
    itee pl /* d <<= r6 */
    lslpl r3, r2, r7
    lslmi r3, r3, r6
    lsrmi ip, r2, ip
    it mi
    orrmi r3, r3, ip
    lsl r2, r2, r6 /* shifts of 32 and more give 0 */
2:  adds r4, r4, r4
    adc r5, r5, r5
    subs ip, r0, r2
    sbcs r7, r1, r3
    blo 3f
    mov r0, ip
    mov r1, r7
    orr r4, r4, #1
3:  lsrs r3, r3, #1
    rrx r2, r2
    subs r6, r6, #1
    bpl 2b
4:  mov r2, r0
    mov r3, r1
    mov r0, r4
    mov r1, r5
    pop {r4, r5, r6, r7, pc}
    .size __aeabi_uldivmod, . - __aeabi_uldivmod

/* Truncates: the remainder has the sign of n. */
    function __aeabi_ldivmod
    push {r4, r5, r6, lr}
    mov r4, r1          /* sign of the remainder */
    eor r5, r1, r3      /* sign of the quotient */
    cmp r1, #0
    bpl 1f
    negate r0, r1
1:  cmp r3, #0
    bpl 2f
    negate r2, r3
2:  bl __aeabi_uldivmod
    cmp r5, #0
    bpl 3f
    negate r0, r1
3:  cmp r4, #0
    bpl 4f
    negate r2, r3
4:  pop {r4, r5, r6, pc}
    .size __aeabi_ldivmod, . - __aeabi_ldivmod
