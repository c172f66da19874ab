/* Traps with debug information: `outer` calls `middle`, in which `inner` was inlined and reads out of bounds. */

static inline __attribute__((always_inline)) int inner(const int *place) {
    return *place + 1;
}

__attribute__((noinline)) int middle(unsigned address) {
    return inner((const int *)address) * 2;
}

__attribute__((export_name("outer"))) int outer(unsigned address) {
    return middle(address) + 3;
}
