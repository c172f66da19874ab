// Works on files: makes, appends, copies, renames, cuts, describes and removes them, and says what happened.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failures = 0;

static void say(const char *what, int result) {
    if (result < 0) {
        printf("%s: %s\n", what, strerror(errno));
        failures++;
    } else {
        printf("%s: %d\n", what, result);
    }
}

static int append(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (fd < 0) return -1;
    int written = (int)write(fd, text, strlen(text));
    close(fd);
    return written;
}

static int copy(const char *from, const char *to) {
    char buffer[7];
    int total = 0;
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    if (!in || !out) return -1;
    for (size_t count; (count = fread(buffer, 1, sizeof buffer, in)) > 0; total += (int)count)
        fwrite(buffer, 1, count, out);
    fclose(in);
    return fclose(out) == 0 ? total : -1;
}

static void show(const char *path) {
    struct stat stat_of;
    if (stat(path, &stat_of) < 0) {
        printf("%s: %s\n", path, strerror(errno));
        return;
    }
    const char *kind = S_ISDIR(stat_of.st_mode) ? "directory" : S_ISREG(stat_of.st_mode) ? "file" : "other";
    printf("%s: %s of %lld bytes\n", path, kind, S_ISREG(stat_of.st_mode) ? (long long)stat_of.st_size : 0);
}

int main(int argc, char **argv) {
    if (argc != 2 || chdir(argv[1]) < 0) {
        fprintf(stderr, "usage: files DIRECTORY\n");
        return 2;
    }
    say("append", append("one.txt", "first line\n"));
    say("append again", append("one.txt", "second line\n"));
    say("copy", copy("one.txt", "two.txt"));
    say("make a directory", mkdir("made", 0755));
    say("rename into it", rename("two.txt", "made/three.txt"));
    say("link", symlink("made/three.txt", "link"));
    show("one.txt");
    show("link");
    show("made");
    show("two.txt");
    say("cut", truncate("made/three.txt", 5));
    show("link");
    int fd = open("link", O_RDWR);
    char text[16] = {0};
    say("seek", (int)lseek(fd, -2, SEEK_END));
    say("read", (int)read(fd, text, sizeof text - 1));
    printf("text: %s\n", text);
    say("write at", (int)pwrite(fd, "FIRST", 5, 0));
    say("read at", (int)pread(fd, text, 5, 0));
    printf("text: %s\n", text);
    close(fd);
    say("remove a directory that is not empty", rmdir("made"));
    say("climb out", open("../escape", O_WRONLY | O_CREAT, 0644));
    say("remove", unlink("made/three.txt"));
    say("remove the link", unlink("link"));
    say("remove the directory", rmdir("made"));
    say("remove the first", unlink("one.txt"));
    return failures;
}
