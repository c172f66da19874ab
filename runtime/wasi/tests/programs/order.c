// Sorts lines: -r backwards, -n by number, -u without repetitions. Reads files, or standard input.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *text;
    size_t position;
} Line;

static Line *lines;
static size_t count, room;
static int backwards, numeric, unique;

static int by_text(const Line *a, const Line *b) {
    if (numeric) {
        double left = atof(a->text), right = atof(b->text);
        return left < right ? -1 : left > right;
    }
    return strcmp(a->text, b->text);
}

static int compare(const void *left, const void *right) {
    const Line *a = left, *b = right;
    int order = by_text(a, b);
    if (backwards) order = -order;
    return order ? order : a->position < b->position ? -1 : 1;
}

static void take(FILE *in) {
    char buffer[4096];
    while (fgets(buffer, sizeof buffer, in)) {
        buffer[strcspn(buffer, "\n")] = 0;
        if (count == room) lines = realloc(lines, (room = room ? room * 2 : 16) * sizeof *lines);
        lines[count] = (Line){strdup(buffer), count};
        count++;
    }
}

int main(int argc, char **argv) {
    int files = 0;
    for (int index = 1; index < argc; index++) {
        if (argv[index][0] == '-' && argv[index][1]) {
            for (const char *flag = argv[index] + 1; *flag; flag++) {
                if (*flag == 'r') backwards = 1;
                else if (*flag == 'n') numeric = 1;
                else if (*flag == 'u') unique = 1;
                else return fprintf(stderr, "order: unknown flag %c\n", *flag), 2;
            }
            continue;
        }
        FILE *in = fopen(argv[index], "r");
        if (!in) return perror(argv[index]), 2;
        take(in);
        fclose(in);
        files++;
    }
    if (!files) take(stdin);
    qsort(lines, count, sizeof *lines, compare);
    for (size_t index = 0; index < count; index++)
        if (!unique || index == 0 || by_text(&lines[index - 1], &lines[index]) != 0) puts(lines[index].text);
    return 0;
}
