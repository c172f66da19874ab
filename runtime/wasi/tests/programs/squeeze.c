// Compresses a file by references to what came before, and expands it again.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 4096, LONGEST = 18, SHORTEST = 3, CHAINS = 8192 };

typedef struct {
    uint8_t *bytes;
    size_t len, room;
} Bytes;

static void push(Bytes *to, uint8_t byte) {
    if (to->len == to->room) to->bytes = realloc(to->bytes, to->room = to->room ? to->room * 2 : 256);
    to->bytes[to->len++] = byte;
}

static Bytes load(const char *path) {
    Bytes file = {0};
    FILE *in = fopen(path, "rb");
    if (!in) {
        perror(path);
        exit(2);
    }
    for (int byte; (byte = getc(in)) != EOF;) push(&file, (uint8_t)byte);
    fclose(in);
    return file;
}

static void store(const char *path, Bytes file) {
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(file.bytes, 1, file.len, out) != file.len || fclose(out) != 0) {
        perror(path);
        exit(2);
    }
}

static unsigned hash(const uint8_t *bytes) {
    return (bytes[0] * 33u * 33u + bytes[1] * 33u + bytes[2]) % CHAINS;
}

static Bytes compress(Bytes from) {
    Bytes to = {0};
    int32_t *heads = malloc(CHAINS * sizeof *heads), *next = malloc((from.len + 1) * sizeof *next);
    memset(heads, 0xff, CHAINS * sizeof *heads);
    size_t flags = 0;
    int count = 8;
    for (size_t at = 0; at < from.len;) {
        if (count == 8) {
            flags = to.len;
            push(&to, 0);
            count = 0;
        }
        size_t best = 0, distance = 0;
        if (at + SHORTEST <= from.len) {
            int tries = 64;
            for (int32_t past = heads[hash(from.bytes + at)]; past >= 0 && tries--; past = next[past]) {
                if (at - (size_t)past > WINDOW) break;
                size_t len = 0;
                while (len < LONGEST && at + len < from.len && from.bytes[past + len] == from.bytes[at + len]) len++;
                if (len > best) best = len, distance = at - (size_t)past;
            }
        }
        size_t step = 1;
        if (best >= SHORTEST) {
            unsigned code = (unsigned)((distance - 1) << 4 | (best - SHORTEST));
            to.bytes[flags] |= (uint8_t)(1 << count);
            push(&to, (uint8_t)(code >> 8));
            push(&to, (uint8_t)code);
            step = best;
        } else {
            push(&to, from.bytes[at]);
        }
        count++;
        for (; step--; at++)
            if (at + SHORTEST <= from.len) next[at] = heads[hash(from.bytes + at)], heads[hash(from.bytes + at)] = (int32_t)at;
    }
    return to;
}

static Bytes expand(Bytes from) {
    Bytes to = {0};
    for (size_t at = 0; at < from.len;) {
        uint8_t flags = from.bytes[at++];
        for (int bit = 0; bit < 8 && at < from.len; bit++) {
            if (!(flags >> bit & 1)) {
                push(&to, from.bytes[at++]);
                continue;
            }
            unsigned code = (unsigned)from.bytes[at] << 8 | from.bytes[at + 1];
            at += 2;
            for (unsigned len = (code & 15) + SHORTEST, distance = (code >> 4) + 1; len--;)
                push(&to, to.bytes[to.len - distance]);
        }
    }
    return to;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: squeeze FILE PACKED\n");
        return 2;
    }
    Bytes plain = load(argv[1]);
    store(argv[2], compress(plain));
    Bytes packed = load(argv[2]);
    Bytes again = expand(packed);
    uint32_t sum = 2166136261u;
    for (size_t at = 0; at < packed.len; at++) sum = (sum ^ packed.bytes[at]) * 16777619u;
    printf("%zu bytes become %zu, checksum %08x\n", plain.len, packed.len, sum);
    if (again.len != plain.len || memcmp(again.bytes, plain.bytes, plain.len) != 0) {
        printf("and they are not the same again\n");
        return 1;
    }
    printf("and the same again\n");
    return 0;
}
