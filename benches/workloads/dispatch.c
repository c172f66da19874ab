/* A small register machine interpreted by a switch: br_table, unpredictable jumps, byte loads. The
 * machine runs Collatz chains; n is how many starting numbers it follows. */
#include "bench.h"

enum op { LOAD, COPY, ADD, ADD_ONE, TRIPLE, HALVE, IS_ODD, LESS, IS_ONE, JUMP, JUMP_IF, JUMP_UNLESS, XOR, ROTATE, HALT };
enum { LIMIT, START_NUMBER, NUMBER, STEPS, FLAG, SUM, SCRATCH, REGISTERS = 16 };

struct code {
    u8 op, a, b, c;
};

/* for (start = 1; start < limit; start++) { count the steps of the chain; fold them into sum } */
static struct code program[] = {
    {LOAD, START_NUMBER, 1, 0},          /*  0 */
    {LESS, FLAG, START_NUMBER, LIMIT},   /*  1: outer */
    {JUMP_UNLESS, FLAG, 18, 0},          /*  2 */
    {COPY, NUMBER, START_NUMBER, 0},     /*  3 */
    {LOAD, STEPS, 0, 0},                 /*  4 */
    {IS_ONE, FLAG, NUMBER, 0},           /*  5: inner */
    {JUMP_IF, FLAG, 14, 0},              /*  6 */
    {ADD_ONE, STEPS, 0, 0},              /*  7 */
    {IS_ODD, FLAG, NUMBER, 0},           /*  8 */
    {JUMP_IF, FLAG, 12, 0},              /*  9 */
    {HALVE, NUMBER, 0, 0},               /* 10 */
    {JUMP, 5, 0, 0},                     /* 11 */
    {TRIPLE, NUMBER, 0, 0},              /* 12 */
    {JUMP, 5, 0, 0},                     /* 13 */
    {XOR, SUM, SUM, STEPS},              /* 14 */
    {ROTATE, SUM, 5, 0},                 /* 15 */
    {ADD_ONE, START_NUMBER, 0, 0},       /* 16 */
    {JUMP, 1, 0, 0},                     /* 17 */
    {HALT, SUM, 0, 0},                   /* 18 */
};

static u64 reg[REGISTERS];

static NOINLINE u64 interpret(void) {
    const struct code *at = program;
    for (;;) {
        struct code now = *at++;
        switch (now.op) {
        case LOAD: reg[now.a] = now.b; break;
        case COPY: reg[now.a] = reg[now.b]; break;
        case ADD: reg[now.a] = reg[now.b] + reg[now.c]; break;
        case ADD_ONE: reg[now.a]++; break;
        case TRIPLE: reg[now.a] = reg[now.a] * 3 + 1; break;
        case HALVE: reg[now.a] >>= 1; break;
        case IS_ODD: reg[now.a] = reg[now.b] & 1; break;
        case LESS: reg[now.a] = reg[now.b] < reg[now.c]; break;
        case IS_ONE: reg[now.a] = reg[now.b] == 1; break;
        case JUMP: at = program + now.a; break;
        case JUMP_IF: if (reg[now.a]) at = program + now.b; break;
        case JUMP_UNLESS: if (!reg[now.a]) at = program + now.b; break;
        case XOR: reg[now.a] = reg[now.b] ^ reg[now.c]; break;
        case ROTATE: reg[now.a] = (reg[now.a] << now.b) | (reg[now.a] >> (64 - now.b)); break;
        default: return reg[now.a];
        }
    }
}

RUN(n) {
    for (i32 i = 0; i < REGISTERS; i++) reg[i] = 0;
    reg[LIMIT] = (u64)n;
    return (i64)interpret();
}
