// Searches files for a pattern of letters, `.`, `*`, `^` and `$`. Exit code 1 when there is nothing.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int here(const char *pattern, const char *text);

static int star(char letter, const char *pattern, const char *text) {
    do {
        if (here(pattern, text)) return 1;
    } while (*text && (*text++ == letter || letter == '.'));
    return 0;
}

static int here(const char *pattern, const char *text) {
    if (!*pattern) return 1;
    if (pattern[1] == '*') return star(pattern[0], pattern + 2, text);
    if (pattern[0] == '$' && !pattern[1]) return !*text;
    if (*text && (*pattern == '.' || *pattern == *text)) return here(pattern + 1, text + 1);
    return 0;
}

static int matches(const char *pattern, const char *text) {
    if (*pattern == '^') return here(pattern + 1, text);
    do {
        if (here(pattern, text)) return 1;
    } while (*text++);
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: search PATTERN FILE...\n");
        return 2;
    }
    int found = 0, unreadable = 0;
    for (int index = 2; index < argc; index++) {
        FILE *in = fopen(argv[index], "r");
        if (!in) {
            perror(argv[index]);
            unreadable = 1;
            continue;
        }
        char line[4096];
        for (int number = 1; fgets(line, sizeof line, in); number++) {
            line[strcspn(line, "\n")] = 0;
            if (!matches(argv[1], line)) continue;
            printf("%s:%d: %s\n", argv[index], number, line);
            found = 1;
        }
        fclose(in);
    }
    return unreadable ? 2 : !found;
}
