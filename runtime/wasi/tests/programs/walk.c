// Walks through directories: names in order, kinds and sizes, and what it all adds up to.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static long long bytes;
static int files, directories, links;

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int walk(const char *path, int depth) {
    DIR *dir = opendir(path);
    if (!dir) {
        perror(path);
        return -1;
    }
    char **names = NULL;
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        names = realloc(names, (count + 1) * sizeof *names);
        names[count++] = strdup(entry->d_name);
    }
    closedir(dir);
    if (count) qsort(names, count, sizeof *names, by_name);
    for (size_t index = 0; index < count; index++) {
        char below[4096];
        snprintf(below, sizeof below, "%s/%s", path, names[index]);
        struct stat stat_of;
        if (lstat(below, &stat_of) < 0) {
            perror(below);
            return -1;
        }
        printf("%*s%s", depth * 2, "", names[index]);
        if (S_ISDIR(stat_of.st_mode)) {
            directories++;
            puts("/");
            if (walk(below, depth + 1) < 0) return -1;
        } else if (S_ISLNK(stat_of.st_mode)) {
            links++;
            puts(" (link)");
        } else {
            files++;
            bytes += stat_of.st_size;
            printf(" %lld\n", (long long)stat_of.st_size);
        }
        free(names[index]);
    }
    free(names);
    return 0;
}

int main(int argc, char **argv) {
    const char *start = argc > 1 ? argv[1] : ".";
    if (walk(start, 0) < 0) return 1;
    printf("%d files of %lld bytes, %d directories, %d links\n", files, bytes, directories, links);
    return 0;
}
