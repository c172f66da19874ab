// Interprets a little language: numbers, variables, `while`, `if`, `print`. Reads from a file or from standard input.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *at;
static double variables[26];
static int line = 1;

static double expression(int run);
static void statement(int run);

static void fail(const char *why) {
    fflush(stdout);
    fprintf(stderr, "line %d: %s\n", line, why);
    exit(3);
}

static void blank(void) {
    for (; isspace((unsigned char)*at); at++)
        if (*at == '\n') line++;
}

static int accept(const char *word) {
    blank();
    size_t len = strlen(word);
    if (strncmp(at, word, len) != 0) return 0;
    if (isalpha((unsigned char)*word) && isalpha((unsigned char)at[len])) return 0;
    at += len;
    return 1;
}

static void expect(const char *word) {
    if (!accept(word)) fail("something else was expected");
}

static double atom(int run) {
    blank();
    if (accept("(")) {
        double value = expression(run);
        expect(")");
        return value;
    }
    if (accept("-")) return -atom(run);
    if (isdigit((unsigned char)*at)) {
        char *end;
        double value = strtod(at, &end);
        at = end;
        return value;
    }
    if (islower((unsigned char)*at)) return variables[*at++ - 'a'];
    fail("a value was expected");
    return 0;
}

static double product(int run) {
    double value = atom(run);
    for (;;) {
        if (accept("*")) {
            value *= atom(run);
        } else if (accept("/")) {
            double divisor = atom(run);
            if (run && divisor == 0) fail("division by zero");
            value = run ? value / divisor : 0;
        } else if (accept("%")) {
            long divisor = (long)atom(run);
            if (run && divisor == 0) fail("division by zero");
            value = run ? (double)((long)value % divisor) : 0;
        } else {
            return value;
        }
    }
}

static double sum(int run) {
    double value = product(run);
    for (;;) {
        if (accept("+")) value += product(run);
        else if (accept("-")) value -= product(run);
        else return value;
    }
}

static double expression(int run) {
    double value = sum(run);
    if (accept("<")) return value < sum(run);
    if (accept("=")) return value == sum(run);
    return value;
}

static void block(int run) {
    expect("{");
    while (!accept("}")) statement(run);
}

static void statement(int run) {
    if (accept("while")) {
        const char *start = at;
        int start_line = line;
        for (;;) {
            at = start;
            line = start_line;
            int again = run && expression(run) != 0;
            if (!again) {
                at = start;
                line = start_line;
                expression(0);
                block(0);
                return;
            }
            block(1);
        }
    }
    if (accept("if")) {
        int taken = expression(run) != 0 && run;
        block(taken);
        if (accept("else")) block(run && !taken);
        return;
    }
    if (accept("print")) {
        double value = expression(run);
        if (run) printf("%.10g\n", value);
        return;
    }
    blank();
    if (!islower((unsigned char)*at)) fail("a statement was expected");
    int name = *at++ - 'a';
    expect(":=");
    double value = expression(run);
    if (run) variables[name] = value;
}

int main(int argc, char **argv) {
    FILE *in = argc > 1 ? fopen(argv[1], "r") : stdin;
    if (!in) {
        perror(argv[1]);
        return 2;
    }
    size_t size = 0, room = 1024;
    char *text = malloc(room);
    for (size_t count; (count = fread(text + size, 1, room - size - 1, in)) > 0;) {
        size += count;
        if (room - size < 2) text = realloc(text, room *= 2);
    }
    text[size] = 0;
    for (at = text; blank(), *at;) statement(1);
    return 0;
}
