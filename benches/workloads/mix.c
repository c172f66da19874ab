/* A mix of everyday work: linked lists (find, reverse, merge sort), small integer matrices, a state
 * machine that classifies text, and a CRC that binds the results together. One unit of n is one
 * round through all four. */
#include "bench.h"

struct node {
    struct node *next;
    u16 key;
    u16 rank;
};

enum { NODES = 128, SIDE = 12, TEXT = 512 };

static struct node nodes[NODES];
static i32 left[SIDE][SIDE], right[SIDE][SIDE], product[SIDE][SIDE];
static char text[TEXT + 1];

/* ---- CRC-16, reflected polynomial 0xa001, one bit at a time ---- */

static u16 crc_byte(u16 crc, u8 byte) {
    crc ^= byte;
    for (i32 bit = 0; bit < 8; bit++) crc = (crc & 1) ? (u16)((crc >> 1) ^ 0xa001) : (u16)(crc >> 1);
    return crc;
}

static NOINLINE u16 crc_word(u16 crc, u32 word) {
    for (i32 shift = 0; shift < 32; shift += 8) crc = crc_byte(crc, (u8)(word >> shift));
    return crc;
}

/* ---- lists ---- */

typedef i32 (*order)(const struct node *, const struct node *);

static i32 by_key(const struct node *a, const struct node *b) { return (i32)a->key - (i32)b->key; }
static i32 by_rank(const struct node *a, const struct node *b) { return (i32)a->rank - (i32)b->rank; }

static struct node *build_list(u32 seed) {
    for (i32 i = 0; i < NODES; i++) {
        nodes[i].key = (u16)next_random(&seed);
        nodes[i].rank = (u16)i;
        nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : 0;
    }
    return &nodes[0];
}

static NOINLINE struct node *reverse(struct node *list) {
    struct node *done = 0;
    while (list) {
        struct node *rest = list->next;
        list->next = done;
        done = list;
        list = rest;
    }
    return done;
}

static NOINLINE struct node *find_key(struct node *list, u16 key) {
    while (list && list->key != key) list = list->next;
    return list;
}

static NOINLINE struct node *merge(struct node *a, struct node *b, order compare) {
    struct node head, *tail = &head;
    while (a && b) {
        struct node **pick = compare(a, b) <= 0 ? &a : &b;
        tail->next = *pick;
        tail = *pick;
        *pick = (*pick)->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

static NOINLINE struct node *sort(struct node *list, order compare) {
    if (!list || !list->next) return list;
    struct node *slow = list, *fast = list->next;
    while (fast && fast->next) {
        slow = slow->next;
        fast = fast->next->next;
    }
    struct node *half = slow->next;
    slow->next = 0;
    return merge(sort(list, compare), sort(half, compare), compare);
}

static u16 list_round(u32 seed, u16 crc) {
    struct node *list = sort(build_list(seed), by_key);
    for (i32 i = 0; i < 16; i++) {
        struct node *hit = find_key(list, (u16)next_random(&seed));
        crc = crc_word(crc, hit ? hit->rank : 0xffffu);
    }
    list = reverse(list);
    crc = crc_word(crc, list->key);
    list = sort(list, by_rank);
    return crc_word(crc, (u32)list->key << 16 | list->next->key);
}

/* ---- matrices ---- */

static u16 matrix_round(u32 seed, u16 crc) {
    for (i32 i = 0; i < SIDE; i++)
        for (i32 j = 0; j < SIDE; j++) {
            left[i][j] = (i32)(next_random(&seed) & 0xfff) - 2048;
            right[i][j] = (i32)(next_random(&seed) & 0xfff) - 2048;
        }
    i32 trace = 0;
    for (i32 i = 0; i < SIDE; i++) {
        for (i32 j = 0; j < SIDE; j++) {
            i32 sum = 0;
            for (i32 k = 0; k < SIDE; k++) sum += left[i][k] * right[k][j];
            product[i][j] = (sum >> 2) & 0x7fff;
        }
        trace += product[i][i];
    }
    return crc_word(crc, (u32)trace);
}

/* ---- state machine ---- */

enum state { START, SIGN, DIGITS, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS, BROKEN, STATES };

static NOINLINE enum state step(enum state now, char c) {
    i32 digit = c >= '0' && c <= '9';
    switch (now) {
    case START:
        return digit ? DIGITS : (c == '+' || c == '-') ? SIGN : c == '.' ? FRACTION : BROKEN;
    case SIGN:
        return digit ? DIGITS : c == '.' ? FRACTION : BROKEN;
    case DIGITS:
        return digit ? DIGITS : c == '.' ? FRACTION : c == 'e' ? EXPONENT : BROKEN;
    case FRACTION:
        return digit ? FRACTION : c == 'e' ? EXPONENT : BROKEN;
    case EXPONENT:
        return digit ? EXPONENT_DIGITS : (c == '+' || c == '-') ? EXPONENT_SIGN : BROKEN;
    case EXPONENT_SIGN:
    case EXPONENT_DIGITS:
        return digit ? EXPONENT_DIGITS : BROKEN;
    default:
        return BROKEN;
    }
}

static u16 machine_round(u32 seed, u16 crc) {
    static const char alphabet[] = "0123456789012345..e+-,,x";
    for (i32 i = 0; i < TEXT; i++) text[i] = alphabet[next_random(&seed) % (sizeof(alphabet) - 1)];
    u32 ends[STATES] = {0};
    enum state now = START;
    for (i32 i = 0; i < TEXT; i++) {
        if (text[i] == ',') {
            ends[now]++;
            now = START;
        } else {
            now = step(now, text[i]);
        }
    }
    for (i32 i = 0; i < STATES; i++) crc = crc_word(crc, ends[i]);
    return crc;
}

RUN(n) {
    u64 sum = 0;
    u16 crc = 0xffff;
    for (i32 round = 1; round <= n; round++) {
        crc = list_round((u32)round * 2654435761u | 1, crc);
        crc = matrix_round((u32)round * 40503u | 1, crc);
        crc = machine_round((u32)round * 69069u | 1, crc);
        sum = fold(sum, crc);
    }
    return (i64)sum;
}
