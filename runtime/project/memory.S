/* What compilers call without being asked: memcpy, memmove, memset and their names in the Arm run-time ABI.
 * Unaligned words are fine on Armv7-M with LDR and STR (not with LDM and LDRD, so those are not used). */
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

    .macro alias name
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

/* r0 to, r1 from, r2 bytes; returns r0 */
    function memcpy
    alias __aeabi_memcpy
    alias __aeabi_memcpy4
    alias __aeabi_memcpy8
    push {r0, r4, r5, lr}
    subs r2, r2, #16
    blo 2f
1:  ldr r3, [r1]
    ldr r4, [r1, #4]
    ldr r5, [r1, #8]
    ldr ip, [r1, #12]
    adds r1, r1, #16
    str r3, [r0]
    str r4, [r0, #4]
    str r5, [r0, #8]
    str ip, [r0, #12]
    adds r0, r0, #16
    subs r2, r2, #16
    bhs 1b
2:  adds r2, r2, #12 /* rest − 4 */
    bmi 4f
3:  ldr r3, [r1], #4
    str r3, [r0], #4
    subs r2, r2, #4
    bpl 3b
4:  adds r2, r2, #4
    beq 6f
5:  ldrb r3, [r1], #1
    strb r3, [r0], #1
    subs r2, r2, #1
    bne 5b
6:  pop {r0, r4, r5, pc}
    .size memcpy, . - memcpy

    function memmove
    alias __aeabi_memmove
    alias __aeabi_memmove4
    alias __aeabi_memmove8
    subs r3, r0, r1
    cmp r3, r2
    bhs memcpy /* below or apart: forward is right */
    adds r1, r1, r2
    adds r3, r0, r2
    cbz r2, 2f
1:  ldrb ip, [r1, #-1]!
    strb ip, [r3, #-1]!
    subs r2, r2, #1
    bne 1b
2:  bx lr
    .size memmove, . - memmove

/* r0 to, r1 byte, r2 bytes; returns r0 */
    function memset
    mov r3, r0
    uxtb r1, r1
    orr r1, r1, r1, lsl #8
    orr r1, r1, r1, lsl #16
    subs r2, r2, #4
    blo 2f
1:  str r1, [r3], #4
    subs r2, r2, #4
    bhs 1b
2:  adds r2, r2, #4
    beq 4f
3:  strb r1, [r3], #1
    subs r2, r2, #1
    bne 3b
4:  bx lr
    .size memset, . - memset

/* r0 to, r1 bytes, r2 byte */
    function __aeabi_memset
    alias __aeabi_memset4
    alias __aeabi_memset8
    mov r3, r1
    mov r1, r2
    mov r2, r3
    b memset
    .size __aeabi_memset, . - __aeabi_memset

/* r0 to, r1 bytes */
    function __aeabi_memclr
    alias __aeabi_memclr4
    alias __aeabi_memclr8
    mov r2, r1
    movs r1, #0
    b memset
    .size __aeabi_memclr, . - __aeabi_memclr
