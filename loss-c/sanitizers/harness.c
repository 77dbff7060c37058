/* Calls every function of loss.h, rightly and wrongly, with random pixels: under AddressSanitizer and UndefinedBehaviorSanitizer every
 * access outside of what the header allows is seen, because each buffer is a piece of the heap of exactly its size.
 *
 * Right calls are compared with what must follow from others: parts merge to the whole, a row is its pixels, a state that is loaded is the
 * state that was written, a histogram is its codes. Wrong calls must give the status that the header promises, and change nothing.
 *
 *   harness [ROUNDS [SEED]]     each round has a seed of its own, which a failure names: harness 1 SEED repeats it
 */
#include "loss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long seed;

#define CHECK(condition)                                                                                              \
    do {                                                                                                              \
        if (!(condition)) {                                                                                           \
            fprintf(stderr, "%s:%d: seed %lu: not so: %s\n", __FILE__, __LINE__, seed, #condition);                   \
            abort();                                                                                                  \
        }                                                                                                             \
    } while (0)

#define GIVES(call, expected)                                                                                         \
    do {                                                                                                              \
        loss_status given_ = (call);                                                                                  \
        if (given_ != (loss_status)(expected)) {                                                                      \
            fprintf(stderr, "%s:%d: seed %lu: %s gives \"%s\"\n", __FILE__, __LINE__, seed, #call " != " #expected,   \
                    loss_status_message(given_));                                                                     \
            abort();                                                                                                  \
        }                                                                                                             \
    } while (0)

#define OK(call) GIVES(call, LOSS_STATUS_OK)

/* ---- random numbers ---- */

static uint64_t random_state;

static uint32_t bits(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state * 0x2545f4914f6cdd1du) >> 32);
}
static uint32_t below(uint32_t limit) { return bits() % limit; }
static double unit(void) { return bits() / 4294967295.0; }
static float any_float(void) {
    uint32_t pattern = bits();
    float number;
    memcpy(&number, &pattern, sizeof number);
    return number;
}
/* Mostly what a network gives; now and then any number of which no loss is too large for an f32. */
static float a_logit(void) {
    float number = below(16) ? (float)(unit() * 40 - 20) : any_float();
    return fabsf(number) < 1e10f ? number : 0.5f;
}
static float a_target(void) { return below(2) ? (float)below(2) : (float)unit(); }
static float a_weight(void) { return below(4) ? (float)(unit() * 3 + 0.25) : 0.0f; }

/* ---- memory ---- */

/* Exactly so many bytes, of any content: what is read before it is written is then seen. */
static void *memory(size_t bytes) {
    void *piece = malloc(bytes ? bytes : 1);
    CHECK(piece);
    for (size_t i = 0; i < bytes; i++) ((unsigned char *)piece)[i] = (unsigned char)bits();
    return piece;
}
static void *zeros(size_t bytes) {
    void *piece = memory(bytes);
    memset(piece, 0, bytes);
    return piece;
}
static void *copy(const void *of, size_t bytes) {
    void *piece = memory(bytes);
    memcpy(piece, of, bytes);
    return piece;
}
/* A pointer that is not aligned; it is not to be read through. */
#define MISALIGNED(pointer) ((void *)((char *)(pointer) + 1))

/* Pixels in rows. */
typedef struct {
    size_t length;
    float *logits, *targets, *weights, *ones, *slopes, *others, *hard_as_floats;
    uint8_t *hard, *valid;
} row;

static row new_row(size_t length) {
    row r = {length, memory(4 * length), memory(4 * length), memory(4 * length), memory(4 * length), memory(4 * length),
             memory(4 * length), memory(4 * length), memory(length), memory(length)};
    for (size_t i = 0; i < length; i++) {
        r.logits[i] = a_logit(), r.targets[i] = a_target(), r.weights[i] = a_weight(), r.ones[i] = 1;
        r.hard[i] = (uint8_t)below(2), r.hard_as_floats[i] = r.hard[i], r.valid[i] = (uint8_t)(below(4) ? 1 + below(255) : 0);
    }
    return r;
}
static void free_row(row r) {
    free(r.logits), free(r.targets), free(r.weights), free(r.ones), free(r.slopes), free(r.others), free(r.hard_as_floats);
    free(r.hard), free(r.valid);
}
static void all_finite(const float *numbers, size_t length) {
    for (size_t i = 0; i < length; i++) CHECK(isfinite(numbers[i]));
}
/* Slopes have equal bits: of two ways to one number neither is nearer. */
static void equal(const float *a, const float *b, size_t length) { CHECK(!length || !memcmp(a, b, 4 * length)); }

static size_t rejected(const loss_counts *c) {
    return (size_t)(c->rejected_inputs + c->rejected_targets + c->rejected_weights + c->rejected_labels);
}
static loss_status outcome(const loss_counts *c) {
    if (rejected(c)) return LOSS_STATUS_REJECTED;
    if (c->valid) return LOSS_STATUS_OK;
    return c->ignored ? LOSS_STATUS_NO_VALID_PIXELS : LOSS_STATUS_NO_PIXELS;
}
/* Not by memcmp: a structure may have holes. */
static void check_result(const loss_result *a, const loss_result *b) {
    CHECK(isfinite(a->value) && a->weight > 0);
    CHECK(!memcmp(&a->value, &b->value, 8) && !memcmp(&a->weight, &b->weight, 8));
    CHECK(a->part_count >= 1 && a->part_count <= LOSS_MOST_TERMS && a->part_count == b->part_count);
    for (uint32_t i = 0; i < LOSS_MOST_TERMS; i++) {
        CHECK(isfinite(a->parts[i].value) && isfinite(a->parts[i].coefficient));
        CHECK(i < a->part_count || (a->parts[i].value == 0 && a->parts[i].coefficient == 0));
    }
    CHECK(!memcmp(&a->counts, &b->counts, sizeof a->counts) && !memcmp(&a->soft, &b->soft, sizeof a->soft));
    CHECK(!memcmp(&a->hard, &b->hard, sizeof a->hard));
}

/* Objects with their marks: to the functions of another kind they are not ready. */
static loss_histogram *a_histogram;
static loss_ce_and_dice *a_ce_and_dice;

/* ---- what every object that has a state does ---- */

#define STATEFUL(T, OTHER)                                                                                            \
    static int64_t *T##_state(const T *object, size_t length) {                                                       \
        int64_t *state = memory(8 * length);                                                                          \
        OK(T##_write_state(object, state, length));                                                                   \
        return state;                                                                                                 \
    }                                                                                                                 \
    static void T##_same(const T *a, const T *b, size_t length) {                                                     \
        int64_t *first = T##_state(a, length), *second = T##_state(b, length);                                        \
        loss_counts *x = memory(sizeof *x), *y = memory(sizeof *y);                                                   \
        CHECK(!memcmp(first, second, 8 * length));                                                                    \
        CHECK(T##_fingerprint(a) == T##_fingerprint(b) && T##_fingerprint(a) != 0);                                   \
        OK(T##_counts(a, x));                                                                                         \
        OK(T##_counts(b, y));                                                                                         \
        CHECK(!memcmp(x, y, sizeof *x));                                                                              \
        free(first), free(second), free(x), free(y);                                                                  \
    }                                                                                                                 \
    /* `empty` has no pixels, `part` and `rest` have some, `whole` has those of both, `stranger` other parameters. */ \
    static void T##_states(const T *empty, const T *part, const T *rest, const T *whole, const T *stranger,           \
                           size_t length) {                                                                           \
        T *merged = copy(part, sizeof *part), *loaded = copy(empty, sizeof *empty);                                   \
        OK(T##_merge(merged, rest));                                                                                  \
        T##_same(merged, whole, length);                                                                              \
        /* States add. */                                                                                             \
        int64_t *sum = T##_state(part, length), *more = T##_state(rest, length);                                      \
        for (size_t i = 0; i < length; i++) sum[i] += more[i];                                                        \
        OK(T##_load_state(loaded, sum, length));                                                                      \
        T##_same(loaded, whole, length);                                                                              \
        OK(T##_reset(loaded));                                                                                        \
        T##_same(loaded, empty, length);                                                                              \
        /* What is wrong changes nothing. */                                                                          \
        T *before = copy(merged, sizeof *merged), *nothing = zeros(sizeof *nothing);                                  \
        T *other = (void *)(OTHER);                                                                                   \
        loss_counts *counts = memory(sizeof *counts);                                                                 \
        GIVES(T##_merge(NULL, rest), LOSS_STATUS_NULL_POINTER);                                                       \
        GIVES(T##_merge(merged, NULL), LOSS_STATUS_NULL_POINTER);                                                     \
        GIVES(T##_merge(MISALIGNED(merged), rest), LOSS_STATUS_MISALIGNED);                                           \
        GIVES(T##_merge(merged, MISALIGNED(rest)), LOSS_STATUS_MISALIGNED);                                           \
        GIVES(T##_merge(merged, merged), LOSS_STATUS_OVERLAP);                                                        \
        GIVES(T##_merge(nothing, rest), LOSS_STATUS_NOT_INITIALISED);                                                 \
        GIVES(T##_merge(merged, nothing), LOSS_STATUS_NOT_INITIALISED);                                               \
        GIVES(T##_merge(merged, other), LOSS_STATUS_NOT_INITIALISED);                                                 \
        GIVES(T##_merge(merged, stranger), LOSS_STATUS_OTHER_LOSS);                                                   \
        GIVES(T##_reset(NULL), LOSS_STATUS_NULL_POINTER);                                                             \
        GIVES(T##_reset(MISALIGNED(merged)), LOSS_STATUS_MISALIGNED);                                                 \
        GIVES(T##_reset(nothing), LOSS_STATUS_NOT_INITIALISED);                                                       \
        GIVES(T##_reset(other), LOSS_STATUS_NOT_INITIALISED);                                                         \
        GIVES(T##_counts(NULL, counts), LOSS_STATUS_NULL_POINTER);                                                    \
        GIVES(T##_counts(merged, NULL), LOSS_STATUS_NULL_POINTER);                                                    \
        GIVES(T##_counts(MISALIGNED(merged), counts), LOSS_STATUS_MISALIGNED);                                        \
        GIVES(T##_counts(merged, MISALIGNED(counts)), LOSS_STATUS_MISALIGNED);                                        \
        GIVES(T##_counts(merged, (loss_counts *)merged), LOSS_STATUS_OVERLAP);                                        \
        GIVES(T##_counts(nothing, counts), LOSS_STATUS_NOT_INITIALISED);                                              \
        GIVES(T##_write_state(NULL, sum, length), LOSS_STATUS_NULL_POINTER);                                          \
        GIVES(T##_write_state(merged, NULL, length), LOSS_STATUS_NULL_POINTER);                                       \
        GIVES(T##_write_state(MISALIGNED(merged), sum, length), LOSS_STATUS_MISALIGNED);                              \
        GIVES(T##_write_state(merged, MISALIGNED(sum), length), LOSS_STATUS_MISALIGNED);                              \
        GIVES(T##_write_state(nothing, sum, length), LOSS_STATUS_NOT_INITIALISED);                                    \
        GIVES(T##_write_state(other, sum, length), LOSS_STATUS_NOT_INITIALISED);                                      \
        GIVES(T##_write_state(merged, sum, length - 1), LOSS_STATUS_LENGTH);                                          \
        GIVES(T##_write_state(merged, sum, SIZE_MAX), LOSS_STATUS_LENGTH);                                            \
        GIVES(T##_write_state(merged, NULL, 0), LOSS_STATUS_LENGTH);                                                  \
        GIVES(T##_write_state(merged, (int64_t *)merged, length), LOSS_STATUS_OVERLAP);                               \
        GIVES(T##_load_state(NULL, sum, length), LOSS_STATUS_NULL_POINTER);                                           \
        GIVES(T##_load_state(merged, NULL, length), LOSS_STATUS_NULL_POINTER);                                        \
        GIVES(T##_load_state(MISALIGNED(merged), sum, length), LOSS_STATUS_MISALIGNED);                               \
        GIVES(T##_load_state(merged, MISALIGNED(sum), length), LOSS_STATUS_MISALIGNED);                               \
        GIVES(T##_load_state(nothing, sum, length), LOSS_STATUS_NOT_INITIALISED);                                     \
        GIVES(T##_load_state(other, sum, length), LOSS_STATUS_NOT_INITIALISED);                                       \
        GIVES(T##_load_state(merged, sum, length - 1), LOSS_STATUS_LENGTH);                                           \
        GIVES(T##_load_state(merged, sum, PTRDIFF_MAX), LOSS_STATUS_LENGTH);                                          \
        GIVES(T##_load_state(merged, NULL, 0), LOSS_STATUS_LENGTH);                                                   \
        GIVES(T##_load_state(merged, (int64_t *)merged, length), LOSS_STATUS_OVERLAP);                                \
        sum[0] = -1 - (int64_t)below(5);                                                                              \
        GIVES(T##_load_state(merged, sum, length), LOSS_STATUS_NEGATIVE_COUNT);                                       \
        CHECK(T##_fingerprint(NULL) == 0 && T##_fingerprint(nothing) == 0 && T##_fingerprint(other) == 0);            \
        CHECK(T##_fingerprint(MISALIGNED(merged)) == 0 && T##_fingerprint(stranger) != T##_fingerprint(merged));      \
        T##_same(merged, before, length);                                                                             \
        free(merged), free(loaded), free(sum), free(more), free(before), free(nothing), free(counts);                 \
    }

STATEFUL(loss_any, a_histogram)
STATEFUL(loss_bce_and_dice, a_histogram)
STATEFUL(loss_bce_and_dice_counting, a_histogram)
STATEFUL(loss_focal_and_tversky, a_histogram)
STATEFUL(loss_ce_and_dice, a_histogram)
STATEFUL(loss_histogram, a_ce_and_dice)

/* ---- what every accumulator does that finishes ---- */

#define FINISHES(T, R, G)                                                                                             \
    static void T##_finishes(const T *whole) {                                                                        \
        T *nothing = zeros(sizeof *nothing), *empty = copy(whole, sizeof *whole), *before = copy(whole, sizeof *whole); \
        T *object = copy(whole, sizeof *whole), *other = (void *)a_histogram;                                         \
        R *result = memory(sizeof *result);                                                                           \
        G *gradient = memory(sizeof *gradient);                                                                       \
        OK(T##_reset(empty));                                                                                         \
        GIVES(T##_finish(empty, result), LOSS_STATUS_NO_PIXELS);                                                      \
        GIVES(T##_finish_valid(empty, result), LOSS_STATUS_NO_PIXELS);                                                \
        GIVES(T##_gradient_init(empty, 1, gradient), LOSS_STATUS_NO_PIXELS);                                          \
        GIVES(T##_finish(NULL, result), LOSS_STATUS_NULL_POINTER);                                                    \
        GIVES(T##_finish(object, NULL), LOSS_STATUS_NULL_POINTER);                                                    \
        GIVES(T##_finish(MISALIGNED(object), result), LOSS_STATUS_MISALIGNED);                                        \
        GIVES(T##_finish(object, MISALIGNED(result)), LOSS_STATUS_MISALIGNED);                                        \
        GIVES(T##_finish(nothing, result), LOSS_STATUS_NOT_INITIALISED);                                              \
        GIVES(T##_finish(other, result), LOSS_STATUS_NOT_INITIALISED);                                                \
        GIVES(T##_finish(object, (R *)object), LOSS_STATUS_OVERLAP);                                                  \
        GIVES(T##_finish_valid(NULL, result), LOSS_STATUS_NULL_POINTER);                                              \
        GIVES(T##_finish_valid(object, NULL), LOSS_STATUS_NULL_POINTER);                                              \
        GIVES(T##_finish_valid(MISALIGNED(object), result), LOSS_STATUS_MISALIGNED);                                  \
        GIVES(T##_finish_valid(object, MISALIGNED(result)), LOSS_STATUS_MISALIGNED);                                  \
        GIVES(T##_finish_valid(nothing, result), LOSS_STATUS_NOT_INITIALISED);                                        \
        GIVES(T##_finish_valid(object, (R *)object), LOSS_STATUS_OVERLAP);                                            \
        GIVES(T##_gradient_init(NULL, 1, gradient), LOSS_STATUS_NULL_POINTER);                                        \
        GIVES(T##_gradient_init(object, 1, NULL), LOSS_STATUS_NULL_POINTER);                                          \
        GIVES(T##_gradient_init(MISALIGNED(object), 1, gradient), LOSS_STATUS_MISALIGNED);                            \
        GIVES(T##_gradient_init(object, 1, MISALIGNED(gradient)), LOSS_STATUS_MISALIGNED);                            \
        GIVES(T##_gradient_init(nothing, 1, gradient), LOSS_STATUS_NOT_INITIALISED);                                  \
        GIVES(T##_gradient_init(other, 1, gradient), LOSS_STATUS_NOT_INITIALISED);                                    \
        GIVES(T##_gradient_init(object, 1, (G *)object), LOSS_STATUS_OVERLAP);                                        \
        GIVES(T##_gradient_init(object, NAN, gradient), LOSS_STATUS_COEFFICIENT);                                     \
        GIVES(T##_gradient_init(object, INFINITY, gradient), LOSS_STATUS_COEFFICIENT);                                \
        CHECK(!memcmp(object, before, sizeof *object));                                                               \
        free(nothing), free(empty), free(before), free(object), free(result), free(gradient);                         \
    }

FINISHES(loss_any, loss_result, loss_any_gradient)
FINISHES(loss_bce_and_dice, loss_result, loss_bce_and_dice_gradient)
FINISHES(loss_bce_and_dice_counting, loss_result, loss_bce_and_dice_gradient)
FINISHES(loss_focal_and_tversky, loss_result, loss_focal_and_tversky_gradient)
FINISHES(loss_ce_and_dice, loss_classes_result, loss_ce_and_dice_gradient)

/* ---- losses of one class ---- */

#define BINARY(T, G)                                                                                                  \
    static void T##_rows(const T *empty, T *whole, const row *r) {                                                    \
        size_t n = r->length;                                                                                         \
        T *one_by_one = copy(empty, sizeof *empty), *hard = copy(empty, sizeof *empty), *as_floats = copy(empty, sizeof *empty); \
        size_t length = T##_length(empty);                                                                            \
        for (size_t i = 0; i < n; i++) {                                                                              \
            OK(T##_push(one_by_one, r->logits[i], r->targets[i], r->weights[i]));                                     \
            OK(T##_push_hard(hard, r->logits[i], r->hard[i]));                                                        \
        }                                                                                                             \
        OK(T##_push_row(whole, r->logits, r->targets, r->weights, n));                                                \
        T##_same(one_by_one, whole, length);                                                                          \
        OK(T##_push_row(as_floats, r->logits, r->hard_as_floats, NULL, n));                                           \
        T##_same(hard, as_floats, length);                                                                            \
        OK(T##_reset(hard));                                                                                          \
        OK(T##_push_hard_row(hard, r->logits, r->hard, r->ones, n));                                                  \
        T##_same(hard, as_floats, length);                                                                            \
        OK(T##_push_row(hard, NULL, NULL, NULL, 0));                                                                  \
        OK(T##_push_hard_row(hard, NULL, NULL, NULL, 0));                                                             \
        T##_same(hard, as_floats, length);                                                                            \
        free(one_by_one), free(hard), free(as_floats);                                                                \
    }                                                                                                                 \
    static void T##_wrong_rows(const T *whole, const row *r) {                                                        \
        size_t n = r->length;                                                                                         \
        T *object = copy(whole, sizeof *whole), *nothing = zeros(sizeof *nothing), *other = (void *)a_histogram;      \
        float *z = r->logits, *t = r->targets, *w = r->weights;                                                       \
        GIVES(T##_push(NULL, 0, 0, 1), LOSS_STATUS_NULL_POINTER);                                                     \
        GIVES(T##_push(MISALIGNED(object), 0, 0, 1), LOSS_STATUS_MISALIGNED);                                         \
        GIVES(T##_push(nothing, 0, 0, 1), LOSS_STATUS_NOT_INITIALISED);                                               \
        GIVES(T##_push(other, 0, 0, 1), LOSS_STATUS_NOT_INITIALISED);                                                 \
        GIVES(T##_push_hard(NULL, 0, true), LOSS_STATUS_NULL_POINTER);                                                \
        GIVES(T##_push_hard(MISALIGNED(object), 0, true), LOSS_STATUS_MISALIGNED);                                    \
        GIVES(T##_push_hard(nothing, 0, true), LOSS_STATUS_NOT_INITIALISED);                                          \
        GIVES(T##_push_row(NULL, z, t, w, n), LOSS_STATUS_NULL_POINTER);                                              \
        GIVES(T##_push_row(object, NULL, t, w, n), LOSS_STATUS_NULL_POINTER);                                         \
        GIVES(T##_push_row(object, z, NULL, w, n), LOSS_STATUS_NULL_POINTER);                                         \
        GIVES(T##_push_row(MISALIGNED(object), z, t, w, n), LOSS_STATUS_MISALIGNED);                                  \
        GIVES(T##_push_row(object, MISALIGNED(z), t, w, n), LOSS_STATUS_MISALIGNED);                                  \
        GIVES(T##_push_row(object, z, MISALIGNED(t), w, n), LOSS_STATUS_MISALIGNED);                                  \
        GIVES(T##_push_row(object, z, t, MISALIGNED(w), n), LOSS_STATUS_MISALIGNED);                                  \
        GIVES(T##_push_row(nothing, z, t, w, n), LOSS_STATUS_NOT_INITIALISED);                                        \
        GIVES(T##_push_row(object, (float *)object, t, w, n), LOSS_STATUS_OVERLAP);                                   \
        GIVES(T##_push_row(object, z, t, w, SIZE_MAX), LOSS_STATUS_LENGTH);                                           \
        GIVES(T##_push_row(object, z, t, w, (size_t)PTRDIFF_MAX / 2), LOSS_STATUS_LENGTH);                            \
        GIVES(T##_push_hard_row(NULL, z, r->hard, w, n), LOSS_STATUS_NULL_POINTER);                                   \
        GIVES(T##_push_hard_row(object, NULL, r->hard, w, n), LOSS_STATUS_NULL_POINTER);                              \
        GIVES(T##_push_hard_row(object, z, NULL, w, n), LOSS_STATUS_NULL_POINTER);                                    \
        GIVES(T##_push_hard_row(object, MISALIGNED(z), r->hard, w, n), LOSS_STATUS_MISALIGNED);                       \
        GIVES(T##_push_hard_row(object, z, r->hard, MISALIGNED(w), n), LOSS_STATUS_MISALIGNED);                       \
        GIVES(T##_push_hard_row(other, z, r->hard, w, n), LOSS_STATUS_NOT_INITIALISED);                               \
        GIVES(T##_push_hard_row(object, z, r->hard, w, SIZE_MAX), LOSS_STATUS_LENGTH);                                \
        GIVES(T##_push_hard_row(object, z, (uint8_t *)object, w, n), LOSS_STATUS_OVERLAP);                            \
        GIVES(T##_push_histogram(NULL, a_histogram), LOSS_STATUS_NULL_POINTER);                                       \
        GIVES(T##_push_histogram(object, NULL), LOSS_STATUS_NULL_POINTER);                                            \
        GIVES(T##_push_histogram(object, MISALIGNED(a_histogram)), LOSS_STATUS_MISALIGNED);                           \
        GIVES(T##_push_histogram(nothing, a_histogram), LOSS_STATUS_NOT_INITIALISED);                                 \
        GIVES(T##_push_histogram(object, (void *)a_ce_and_dice), LOSS_STATUS_NOT_INITIALISED);                        \
        CHECK(!memcmp(object, whole, sizeof *whole));                                                                 \
        /* Pixels that are out of range are counted, and no more. */                                                  \
        loss_result *first = memory(sizeof *first), *second = memory(sizeof *second);                                 \
        loss_counts *counts = memory(sizeof *counts);                                                                 \
        uint8_t *two = memory(1);                                                                                     \
        *two = 2;                                                                                                     \
        OK(T##_push(object, below(2) ? NAN : INFINITY, 0, 1));                                                        \
        OK(T##_push(object, 0, below(2) ? NAN : 1.5f, 1));                                                            \
        OK(T##_push(object, 0, 0, below(2) ? NAN : -1.0f));                                                           \
        OK(T##_push_hard_row(object, z, two, NULL, 1));                                                               \
        OK(T##_counts(object, counts));                                                                               \
        CHECK(counts->rejected_inputs == 1 && counts->rejected_targets == 2 && counts->rejected_weights == 1);        \
        GIVES(T##_finish(object, first), LOSS_STATUS_REJECTED);                                                       \
        loss_status of_whole = T##_finish_valid(whole, second);                                                       \
        GIVES(T##_finish_valid(object, first), of_whole == LOSS_STATUS_NO_PIXELS ? LOSS_STATUS_NO_VALID_PIXELS : of_whole); \
        if (of_whole == LOSS_STATUS_OK) {                                                                             \
            second->counts = first->counts;                                                                           \
            check_result(first, second);                                                                              \
        }                                                                                                             \
        free(object), free(nothing), free(first), free(second), free(counts), free(two);                              \
    }                                                                                                                 \
    static void T##_slopes(const T *whole, const row *r) {                                                            \
        size_t n = r->length;                                                                                         \
        float *z = r->logits, *t = r->targets, *w = r->weights, *s = r->slopes;                                       \
        loss_result *first = memory(sizeof *first), *second = memory(sizeof *second);                                 \
        loss_counts *counts = memory(sizeof *counts);                                                                 \
        G *gradient = memory(sizeof *gradient), *nothing = zeros(sizeof *nothing);                                    \
        float *slope = memory(4);                                                                                     \
        OK(T##_counts(whole, counts));                                                                                \
        GIVES(T##_finish(whole, first), outcome(counts));                                                             \
        GIVES(T##_gradient_init(whole, unit() * 4 - 2, gradient), outcome(counts));                                   \
        if (outcome(counts) == LOSS_STATUS_OK) {                                                                      \
            OK(T##_finish_valid(whole, second));                                                                      \
            check_result(first, second);                                                                              \
            OK(T##_gradient_row(gradient, z, t, w, s, n));                                                            \
            all_finite(s, n);                                                                                         \
            for (size_t i = 0; i < n; i++) OK(T##_gradient_at(gradient, z[i], t[i], w[i], &r->others[i]));            \
            equal(s, r->others, n);                                                                                   \
            OK(T##_gradient_hard_row(gradient, z, r->hard, NULL, s, n));                                              \
            OK(T##_gradient_row(gradient, z, r->hard_as_floats, r->ones, r->others, n));                              \
            equal(s, r->others, n);                                                                                   \
            OK(T##_gradient_at(gradient, NAN, 0, 1, slope));                                                          \
            CHECK(*slope == 0);                                                                                       \
            OK(T##_gradient_row(gradient, NULL, NULL, NULL, NULL, 0));                                                \
            OK(T##_gradient_hard_row(gradient, NULL, NULL, NULL, NULL, 0));                                           \
            float *kept = copy(s, 4 * n);                                                                             \
            G *before = copy(gradient, sizeof *gradient);                                                             \
            GIVES(T##_gradient_at(NULL, 0, 0, 1, slope), LOSS_STATUS_NULL_POINTER);                                   \
            GIVES(T##_gradient_at(gradient, 0, 0, 1, NULL), LOSS_STATUS_NULL_POINTER);                                \
            GIVES(T##_gradient_at(MISALIGNED(gradient), 0, 0, 1, slope), LOSS_STATUS_MISALIGNED);                     \
            GIVES(T##_gradient_at(gradient, 0, 0, 1, MISALIGNED(slope)), LOSS_STATUS_MISALIGNED);                     \
            GIVES(T##_gradient_at(nothing, 0, 0, 1, slope), LOSS_STATUS_NOT_INITIALISED);                             \
            GIVES(T##_gradient_at((void *)a_histogram, 0, 0, 1, slope), LOSS_STATUS_NOT_INITIALISED);                 \
            GIVES(T##_gradient_at(gradient, 0, 0, 1, (float *)gradient), LOSS_STATUS_OVERLAP);                        \
            GIVES(T##_gradient_row(NULL, z, t, w, s, n), LOSS_STATUS_NULL_POINTER);                                   \
            GIVES(T##_gradient_row(gradient, NULL, t, w, s, n), LOSS_STATUS_NULL_POINTER);                            \
            GIVES(T##_gradient_row(gradient, z, NULL, w, s, n), LOSS_STATUS_NULL_POINTER);                            \
            GIVES(T##_gradient_row(gradient, z, t, w, NULL, n), LOSS_STATUS_NULL_POINTER);                            \
            GIVES(T##_gradient_row(gradient, MISALIGNED(z), t, w, s, n), LOSS_STATUS_MISALIGNED);                     \
            GIVES(T##_gradient_row(gradient, z, t, w, MISALIGNED(s), n), LOSS_STATUS_MISALIGNED);                     \
            GIVES(T##_gradient_row(nothing, z, t, w, s, n), LOSS_STATUS_NOT_INITIALISED);                             \
            GIVES(T##_gradient_row(gradient, s, t, w, s, n), LOSS_STATUS_OVERLAP);                                    \
            GIVES(T##_gradient_row(gradient, z, s, w, s, n), LOSS_STATUS_OVERLAP);                                    \
            GIVES(T##_gradient_row(gradient, z, t, s, s, n), LOSS_STATUS_OVERLAP);                                    \
            GIVES(T##_gradient_row(gradient, z, t, w, (float *)gradient, n), LOSS_STATUS_OVERLAP);                    \
            GIVES(T##_gradient_row(gradient, z, t, w, s, SIZE_MAX), LOSS_STATUS_LENGTH);                              \
            GIVES(T##_gradient_hard_row(gradient, z, NULL, w, s, n), LOSS_STATUS_NULL_POINTER);                       \
            GIVES(T##_gradient_hard_row(gradient, z, r->hard, MISALIGNED(w), s, n), LOSS_STATUS_MISALIGNED);          \
            GIVES(T##_gradient_hard_row(nothing, z, r->hard, w, s, n), LOSS_STATUS_NOT_INITIALISED);                  \
            GIVES(T##_gradient_hard_row(gradient, z, (uint8_t *)s, w, s, n), LOSS_STATUS_OVERLAP);                    \
            GIVES(T##_gradient_hard_row(gradient, z, r->hard, w, s, SIZE_MAX), LOSS_STATUS_LENGTH);                   \
            equal(s, kept, n);                                                                                        \
            CHECK(!memcmp(gradient, before, sizeof *before));                                                         \
            free(kept), free(before);                                                                                 \
        }                                                                                                             \
        free(first), free(second), free(counts), free(gradient), free(nothing), free(slope);                          \
    }                                                                                                                 \
    /* Codes one by one as pixels, and as a histogram. */                                                             \
    static void T##_codes(const T *empty) {                                                                           \
        T *pixels = copy(empty, sizeof *empty), *counted = copy(empty, sizeof *empty);                                \
        loss_histogram *histogram = memory(sizeof *histogram);                                                        \
        float *logit = memory(4);                                                                                     \
        OK(loss_histogram_init(histogram, (float)(unit() + 0.01), (int32_t)below(511) - 255));                        \
        for (uint32_t i = below(60); i > 0; i--) {                                                                    \
            int8_t code = (int8_t)(below(256) - 128);                                                                 \
            bool foreground = below(2);                                                                               \
            OK(loss_histogram_push(histogram, code, foreground));                                                     \
            OK(loss_histogram_logit(histogram, code, logit));                                                         \
            OK(T##_push_hard(pixels, *logit, foreground));                                                            \
        }                                                                                                             \
        OK(T##_push_histogram(counted, histogram));                                                                   \
        T##_same(pixels, counted, T##_length(empty));                                                                 \
        free(pixels), free(counted), free(histogram), free(logit);                                                    \
    }                                                                                                                 \
    /* Integers from anywhere: they are refused, or else there is a value, and nothing is read or written wrongly. */ \
    static void T##_hostile(const T *empty, const row *r) {                                                           \
        size_t length = T##_length(empty);                                                                            \
        T *object = copy(empty, sizeof *empty);                                                                       \
        int64_t *state = memory(8 * length);                                                                          \
        /* So may be any pixel: its loss may be too large, but is then no infinity. */                                \
        loss_result *of_pixels = memory(sizeof *of_pixels);                                                           \
        for (size_t i = 0; i < r->length; i++) OK(T##_push(object, any_float(), r->targets[i], r->weights[i]));       \
        if (T##_finish_valid(object, of_pixels) == LOSS_STATUS_OK) CHECK(isfinite(of_pixels->value));                 \
        free(of_pixels);                                                                                              \
        for (size_t i = 0; i < 6; i++) state[i] = below(100);                                                         \
        if (below(2)) for (size_t i = 6; i < length; i++) state[i] = (int64_t)below(200) - (below(8) ? 0 : 100);      \
        if (T##_load_state(object, state, length) == LOSS_STATUS_OK) {                                                \
            loss_result *result = memory(sizeof *result);                                                             \
            G *gradient = memory(sizeof *gradient);                                                                   \
            if (T##_finish_valid(object, result) == LOSS_STATUS_OK) CHECK(isfinite(result->value));                   \
            if (T##_gradient_init(object, 1, gradient) == LOSS_STATUS_OK) {                                           \
                OK(T##_gradient_row(gradient, r->logits, r->targets, r->weights, r->slopes, r->length));              \
                all_finite(r->slopes, r->length);                                                                     \
            }                                                                                                         \
            free(result), free(gradient);                                                                             \
        }                                                                                                             \
        free(object), free(state);                                                                                    \
    }                                                                                                                 \
    static void T##_everything(const T *empty, const T *stranger) {                                                   \
        row first = new_row(1 + below(70)), second = new_row(below(3) ? 1 + below(5) : 1100);                         \
        T *part = copy(empty, sizeof *empty), *rest = copy(empty, sizeof *empty), *whole = copy(empty, sizeof *empty); \
        T##_rows(empty, part, &first);                                                                                \
        T##_rows(empty, rest, &second);                                                                               \
        OK(T##_push_row(whole, first.logits, first.targets, first.weights, first.length));                            \
        OK(T##_push_row(whole, second.logits, second.targets, second.weights, second.length));                        \
        T##_states(empty, part, rest, whole, stranger, T##_length(empty));                                            \
        T##_finishes(whole);                                                                                          \
        T##_wrong_rows(whole, &first);                                                                                \
        T##_slopes(whole, &first);                                                                                    \
        T##_codes(empty);                                                                                             \
        T##_hostile(empty, &first);                                                                                   \
        free_row(first), free_row(second), free(part), free(rest), free(whole);                                       \
    }

static size_t loss_any_length(const loss_any *object) { return loss_any_state_length(object); }
static size_t loss_bce_and_dice_length(const loss_bce_and_dice *object) { return (void)object, LOSS_BCE_AND_DICE_STATE; }
static size_t loss_focal_and_tversky_length(const loss_focal_and_tversky *object) {
    return (void)object, LOSS_FOCAL_AND_TVERSKY_STATE;
}
BINARY(loss_any, loss_any_gradient)
BINARY(loss_bce_and_dice, loss_bce_and_dice_gradient)
BINARY(loss_focal_and_tversky, loss_focal_and_tversky_gradient)

/* ---- terms ---- */

/* Every term with its parameters in range; each out of range is refused, and so is what every term refuses. Wrong calls change nothing.
 * `overlap` and `empty`: whether the term has these options. */
#define TERM(term, overlap_, empty_, call, ...)                                                                       \
    do {                                                                                                              \
        double c = unit() * 4 - 2;                                                                                    \
        OK(call(term, c, __VA_ARGS__));                                                                               \
        loss_term *before = copy(term, sizeof *term);                                                                 \
        GIVES(call(NULL, c, __VA_ARGS__), LOSS_STATUS_NULL_POINTER);                                                  \
        GIVES(call(MISALIGNED(term), c, __VA_ARGS__), LOSS_STATUS_MISALIGNED);                                        \
        GIVES(call(term, NAN, __VA_ARGS__), LOSS_STATUS_COEFFICIENT);                                                 \
        GIVES(call(term, -INFINITY, __VA_ARGS__), LOSS_STATUS_COEFFICIENT);                                           \
        GIVES(loss_term_set_overlap(term, 3), LOSS_STATUS_OPTION);                                                    \
        GIVES(loss_term_set_empty_mask(term, 3), LOSS_STATUS_OPTION);                                                 \
        if (!(overlap_)) GIVES(loss_term_set_overlap(term, LOSS_OVERLAP_SQUARED), LOSS_STATUS_OPTION);                \
        if (!(empty_)) GIVES(loss_term_set_empty_mask(term, LOSS_EMPTY_MASK_ONE), LOSS_STATUS_OPTION);                \
        CHECK(!memcmp(term, before, sizeof *term));                                                                   \
        if (overlap_) OK(loss_term_set_overlap(term, below(3)));                                                      \
        if (empty_) OK(loss_term_set_empty_mask(term, below(3)));                                                     \
        free(before);                                                                                                 \
    } while (0)

enum { TERMS = 19 };

static void make_term(loss_term *t, uint32_t which) {
    uint32_t reduction = below(3);
    float g = (float)(unit() * 3 + 0.1), share = (float)unit();
    double s = unit(), a = unit(), b = unit(), power = unit() * 2 + 0.1;
    switch (which) {
    case 0:
        TERM(t, 0, 0, loss_term_bce, reduction, g);
        GIVES(loss_term_bce(t, 1, 3, g), LOSS_STATUS_OPTION);
        GIVES(loss_term_bce(t, 1, reduction, -1), LOSS_STATUS_POS_WEIGHT);
        break;
    case 1:
        TERM(t, 0, 0, loss_term_focal, reduction, g, below(2) ? share : NAN);
        GIVES(loss_term_focal(t, 1, reduction, -1, share), LOSS_STATUS_GAMMA);
        GIVES(loss_term_focal(t, 1, reduction, g, 1.5f), LOSS_STATUS_ALPHA);
        GIVES(loss_term_focal(t, 1, UINT32_MAX, g, share), LOSS_STATUS_OPTION);
        break;
    case 2:
        TERM(t, 0, 0, loss_term_poly1, reduction, g - 1);
        GIVES(loss_term_poly1(t, 1, reduction, -1.5f), LOSS_STATUS_EPSILON);
        break;
    case 3:
        TERM(t, 0, 0, loss_term_asymmetric_focal, reduction, share, g);
        GIVES(loss_term_asymmetric_focal(t, 1, reduction, -0.5f, g), LOSS_STATUS_DELTA);
        GIVES(loss_term_asymmetric_focal(t, 1, reduction, share, NAN), LOSS_STATUS_GAMMA);
        break;
    case 4:
        TERM(t, 0, 0, loss_term_exponential_log_cross_entropy, reduction, g);
        GIVES(loss_term_exponential_log_cross_entropy(t, 1, reduction, 0), LOSS_STATUS_GAMMA);
        break;
    case 5:
        TERM(t, 0, 0, loss_term_generalised_cross_entropy, reduction, share * 0.75f + 0.125f);
        GIVES(loss_term_generalised_cross_entropy(t, 1, reduction, 1.5f), LOSS_STATUS_Q);
        break;
    case 6:
        TERM(t, 0, 0, loss_term_quality_focal, reduction, g);
        GIVES(loss_term_quality_focal(t, 1, reduction, -1), LOSS_STATUS_BETA);
        break;
    case 7:
        TERM(t, 0, 0, loss_term_reduced_focal, reduction, g, share * 0.75f + 0.125f);
        GIVES(loss_term_reduced_focal(t, 1, reduction, g, 0), LOSS_STATUS_THRESHOLD);
        GIVES(loss_term_reduced_focal(t, 1, reduction, -1, 0.5f), LOSS_STATUS_GAMMA);
        break;
    case 8:
        TERM(t, 1, 1, loss_term_dice, s);
        GIVES(loss_term_dice(t, 1, -1), LOSS_STATUS_SMOOTH);
        break;
    case 9:
        TERM(t, 1, 1, loss_term_iou, s);
        GIVES(loss_term_iou(t, 1, NAN), LOSS_STATUS_SMOOTH);
        break;
    case 10:
        TERM(t, 1, 1, loss_term_tversky, a, b, s);
        GIVES(loss_term_tversky(t, 1, -1, b, s), LOSS_STATUS_ALPHA);
        GIVES(loss_term_tversky(t, 1, a, -1, s), LOSS_STATUS_BETA);
        GIVES(loss_term_tversky(t, 1, a, b, INFINITY), LOSS_STATUS_SMOOTH);
        break;
    case 11:
        TERM(t, 1, 1, loss_term_focal_tversky, a, b, power, s);
        GIVES(loss_term_focal_tversky(t, 1, a, b, 0, s), LOSS_STATUS_GAMMA);
        break;
    case 12:
        TERM(t, 1, 1, loss_term_log_dice, s);
        GIVES(loss_term_log_dice(t, 1, -1), LOSS_STATUS_SMOOTH);
        break;
    case 13:
        TERM(t, 1, 1, loss_term_log_cosh_dice, s);
        GIVES(loss_term_log_cosh_dice(t, 1, -1), LOSS_STATUS_SMOOTH);
        break;
    case 14:
        TERM(t, 1, 1, loss_term_exponential_log_dice, power, s);
        GIVES(loss_term_exponential_log_dice(t, 1, 17, s), LOSS_STATUS_GAMMA);
        break;
    case 15:
        TERM(t, 0, 0, loss_term_mcc, s);
        GIVES(loss_term_mcc(t, 1, -1), LOSS_STATUS_SMOOTH);
        break;
    case 16:
        TERM(t, 0, 1, loss_term_asymmetric_focal_tversky, a, b * 0.75, s);
        GIVES(loss_term_asymmetric_focal_tversky(t, 1, 1.5, b, s), LOSS_STATUS_DELTA);
        GIVES(loss_term_asymmetric_focal_tversky(t, 1, a, 1, s), LOSS_STATUS_GAMMA);
        break;
    case 17:
        TERM(t, 0, 0, loss_term_balanced_bce, reduction);
        GIVES(loss_term_balanced_bce(t, 1, 3), LOSS_STATUS_OPTION);
        break;
    default:
        TERM(t, 0, 0, loss_term_normalised_focal, g, below(2) ? share : NAN);
        GIVES(loss_term_normalised_focal(t, 1, -1, share), LOSS_STATUS_GAMMA);
        break;
    }
}

static void terms(void) {
    loss_term *nothing = zeros(sizeof *nothing), *term = memory(sizeof *term);
    for (uint32_t which = 0; which < TERMS; which++) make_term(term, which);
    GIVES(loss_term_set_overlap(NULL, 0), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_term_set_overlap(MISALIGNED(term), 0), LOSS_STATUS_MISALIGNED);
    GIVES(loss_term_set_overlap(nothing, 0), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_term_set_empty_mask(NULL, 0), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_term_set_empty_mask(MISALIGNED(term), 0), LOSS_STATUS_MISALIGNED);
    GIVES(loss_term_set_empty_mask(nothing, 0), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_term_set_empty_mask((void *)a_histogram, 0), LOSS_STATUS_NOT_INITIALISED);
    free(nothing), free(term);
}

static void any(void) {
    size_t count = 1 + below(LOSS_MOST_TERMS);
    loss_term *list = memory(count * sizeof *list), *one = memory(sizeof *one), *none = zeros(sizeof *none);
    loss_any *empty = memory(sizeof *empty), *stranger = memory(sizeof *stranger), *nothing = zeros(sizeof *nothing);
    for (size_t i = 0; i < count; i++) make_term(&list[i], below(TERMS));
    make_term(one, 0);
    OK(loss_any_init(empty, list, count, 0.5));
    CHECK(loss_any_state_length(empty) >= 6 && loss_any_state_length(empty) <= LOSS_ANY_MOST_STATE);
    CHECK(loss_any_state_length(nothing) == 0 && loss_any_state_length(NULL) == 0);
    CHECK(loss_any_state_length(MISALIGNED(empty)) == 0 && loss_any_state_length((void *)a_histogram) == 0);
    loss_any *before = copy(empty, sizeof *empty);
    GIVES(loss_any_init(NULL, list, count, 0.5), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_any_init(empty, NULL, count, 0.5), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_any_init(MISALIGNED(empty), list, count, 0.5), LOSS_STATUS_MISALIGNED);
    GIVES(loss_any_init(empty, MISALIGNED(list), count, 0.5), LOSS_STATUS_MISALIGNED);
    GIVES(loss_any_init(empty, list, 0, 0.5), LOSS_STATUS_TERM_COUNT);
    GIVES(loss_any_init(empty, NULL, 0, 0.5), LOSS_STATUS_TERM_COUNT);
    GIVES(loss_any_init(empty, list, LOSS_MOST_TERMS + 1, 0.5), LOSS_STATUS_TERM_COUNT);
    GIVES(loss_any_init(empty, list, SIZE_MAX, 0.5), LOSS_STATUS_TERM_COUNT);
    GIVES(loss_any_init(empty, none, 1, 0.5), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_any_init(empty, list, count, 1.5), LOSS_STATUS_THRESHOLD);
    GIVES(loss_any_init(empty, list, count, NAN), LOSS_STATUS_THRESHOLD);
    CHECK(!memcmp(empty, before, sizeof *empty));
    /* Another threshold is another fingerprint. */
    OK(loss_any_init(stranger, list, count, 0.25));
    loss_any_everything(empty, stranger);
    free(list), free(one), free(none), free(empty), free(stranger), free(nothing), free(before);
}

/* ---- losses with parameters of their own ---- */

/* Parameters that are refused, and pointers; nothing is changed. */
#define WRONG_PARAMETER(T, object, parameters, field, number, status)                                                 \
    do {                                                                                                              \
        T##_parameters *wrong_ = copy(parameters, sizeof *(parameters));                                              \
        wrong_->field = number;                                                                                       \
        GIVES(T##_init(object, wrong_), status);                                                                      \
        free(wrong_);                                                                                                 \
    } while (0)
#define WRONG_INIT(init, object, parameters)                                                                          \
    do {                                                                                                              \
        GIVES(init(NULL, parameters), LOSS_STATUS_NULL_POINTER);                                                      \
        GIVES(init(object, NULL), LOSS_STATUS_NULL_POINTER);                                                          \
        GIVES(init(MISALIGNED(object), parameters), LOSS_STATUS_MISALIGNED);                                          \
        GIVES(init(object, MISALIGNED(parameters)), LOSS_STATUS_MISALIGNED);                                          \
    } while (0)

/* Hard pixels, counted and summed: states differ, values and slopes have equal bits. */
static void counting(const loss_bce_and_dice *summing, const loss_bce_and_dice_parameters *p) {
    enum { STATE = LOSS_BCE_AND_DICE_COUNTING_STATE };
    loss_bce_and_dice_counting *empty = memory(sizeof *empty), *stranger = memory(sizeof *stranger);
    loss_bce_and_dice_parameters *q = copy(p, sizeof *p);
    OK(loss_bce_and_dice_counting_init(empty, p));
    q->smooth += 1;
    OK(loss_bce_and_dice_counting_init(stranger, q));
    loss_bce_and_dice_counting *before = copy(empty, sizeof *empty);
    WRONG_INIT(loss_bce_and_dice_counting_init, empty, p);
    q->threshold = 0;
    GIVES(loss_bce_and_dice_counting_init(empty, q), LOSS_STATUS_THRESHOLD);
    CHECK(!memcmp(empty, before, sizeof *empty));

    row r = new_row(2 + below(60));
    size_t n = r.length, half = n / 2;
    loss_bce_and_dice_counting *part = copy(empty, sizeof *empty), *rest = copy(empty, sizeof *empty);
    loss_bce_and_dice_counting *whole = copy(empty, sizeof *empty), *nothing = zeros(sizeof *nothing);
    loss_bce_and_dice *sums = copy(summing, sizeof *summing);
    for (size_t i = 0; i < half; i++) OK(loss_bce_and_dice_counting_push_hard(part, r.logits[i], r.hard[i]));
    OK(loss_bce_and_dice_counting_push_hard_row(rest, r.logits + half, r.hard + half, NULL, n - half));
    OK(loss_bce_and_dice_counting_push_hard_row(whole, r.logits, r.hard, NULL, n));
    OK(loss_bce_and_dice_counting_push_hard_row(whole, NULL, NULL, NULL, 0));
    loss_bce_and_dice_counting_states(empty, part, rest, whole, stranger, STATE);
    loss_bce_and_dice_counting_finishes(whole);
    /* A pixel that is not valid is ignored. */
    OK(loss_bce_and_dice_counting_push_hard_row(whole, r.logits, r.hard, r.valid, n));
    OK(loss_bce_and_dice_push_hard_row(sums, r.logits, r.hard, NULL, n));
    for (size_t i = 0; i < n; i++) r.weights[i] = r.valid[i] ? 1 : 0;
    OK(loss_bce_and_dice_push_hard_row(sums, r.logits, r.hard, r.weights, n));
    loss_result *counted = memory(sizeof *counted), *summed = memory(sizeof *summed);
    OK(loss_bce_and_dice_counting_finish(whole, counted));
    OK(loss_bce_and_dice_finish(sums, summed));
    check_result(counted, summed);
    OK(loss_bce_and_dice_counting_finish_valid(whole, counted));
    check_result(counted, summed);
    loss_bce_and_dice_gradient *first = memory(sizeof *first), *second = memory(sizeof *second);
    OK(loss_bce_and_dice_counting_gradient_init(whole, 0.75, first));
    OK(loss_bce_and_dice_gradient_init(sums, 0.75, second));
    OK(loss_bce_and_dice_gradient_hard_row(first, r.logits, r.hard, NULL, r.slopes, n));
    OK(loss_bce_and_dice_gradient_hard_row(second, r.logits, r.hard, NULL, r.others, n));
    equal(r.slopes, r.others, n);

    free(before);
    before = copy(whole, sizeof *whole);
    GIVES(loss_bce_and_dice_counting_push_hard(NULL, 0, true), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_bce_and_dice_counting_push_hard(MISALIGNED(whole), 0, true), LOSS_STATUS_MISALIGNED);
    GIVES(loss_bce_and_dice_counting_push_hard(nothing, 0, true), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_bce_and_dice_counting_push_hard((void *)sums, 0, true), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_bce_and_dice_counting_push_hard_row(NULL, r.logits, r.hard, NULL, n), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_bce_and_dice_counting_push_hard_row(whole, NULL, r.hard, NULL, n), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_bce_and_dice_counting_push_hard_row(whole, r.logits, NULL, NULL, n), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_bce_and_dice_counting_push_hard_row(whole, MISALIGNED(r.logits), r.hard, NULL, n), LOSS_STATUS_MISALIGNED);
    GIVES(loss_bce_and_dice_counting_push_hard_row(nothing, r.logits, r.hard, NULL, n), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_bce_and_dice_counting_push_hard_row(whole, r.logits, r.hard, (uint8_t *)whole, n), LOSS_STATUS_OVERLAP);
    GIVES(loss_bce_and_dice_counting_push_hard_row(whole, r.logits, r.hard, r.valid, SIZE_MAX), LOSS_STATUS_LENGTH);
    CHECK(!memcmp(whole, before, sizeof *whole));
    free_row(r), free(empty), free(stranger), free(q), free(before), free(part), free(rest), free(whole), free(nothing);
    free(sums), free(counted), free(summed), free(first), free(second);
}

static void bce_and_dice(void) {
    loss_bce_and_dice_parameters *p = memory(sizeof *p), *q;
    *p = (loss_bce_and_dice_parameters){unit() * 2 - 1, (float)(unit() * 3), unit() * 2, unit(), 0.1 + 0.8 * unit()};
    q = copy(p, sizeof *p);
    q->smooth += 1;
    loss_bce_and_dice *empty = memory(sizeof *empty), *stranger = memory(sizeof *stranger);
    OK(loss_bce_and_dice_init(empty, p));
    OK(loss_bce_and_dice_init(stranger, q));
    loss_bce_and_dice *before = copy(empty, sizeof *empty);
    WRONG_INIT(loss_bce_and_dice_init, empty, p);
    WRONG_PARAMETER(loss_bce_and_dice, empty, p, bce, NAN, LOSS_STATUS_COEFFICIENT);
    WRONG_PARAMETER(loss_bce_and_dice, empty, p, dice, INFINITY, LOSS_STATUS_COEFFICIENT);
    WRONG_PARAMETER(loss_bce_and_dice, empty, p, pos_weight, -1, LOSS_STATUS_POS_WEIGHT);
    WRONG_PARAMETER(loss_bce_and_dice, empty, p, smooth, -1, LOSS_STATUS_SMOOTH);
    WRONG_PARAMETER(loss_bce_and_dice, empty, p, threshold, 1, LOSS_STATUS_THRESHOLD);
    CHECK(!memcmp(empty, before, sizeof *empty));
    loss_bce_and_dice_everything(empty, stranger);
    counting(empty, p);
    free(p), free(q), free(empty), free(stranger), free(before);
}

static void focal_and_tversky(void) {
    loss_focal_and_tversky_parameters *p = memory(sizeof *p), *q;
    *p = (loss_focal_and_tversky_parameters){unit(), (float)(unit() * 3), below(2) ? NAN : (float)unit(), unit(), unit(), unit(), unit(), 0.1 + 0.8 * unit()};
    q = copy(p, sizeof *p);
    q->smooth += 1;
    loss_focal_and_tversky *empty = memory(sizeof *empty), *stranger = memory(sizeof *stranger);
    OK(loss_focal_and_tversky_init(empty, p));
    OK(loss_focal_and_tversky_init(stranger, q));
    loss_focal_and_tversky *before = copy(empty, sizeof *empty);
    WRONG_INIT(loss_focal_and_tversky_init, empty, p);
    WRONG_PARAMETER(loss_focal_and_tversky, empty, p, focal, NAN, LOSS_STATUS_COEFFICIENT);
    WRONG_PARAMETER(loss_focal_and_tversky, empty, p, tversky, INFINITY, LOSS_STATUS_COEFFICIENT);
    WRONG_PARAMETER(loss_focal_and_tversky, empty, p, gamma, -1, LOSS_STATUS_GAMMA);
    WRONG_PARAMETER(loss_focal_and_tversky, empty, p, focal_alpha, 2, LOSS_STATUS_ALPHA);
    WRONG_PARAMETER(loss_focal_and_tversky, empty, p, alpha, -1, LOSS_STATUS_ALPHA);
    WRONG_PARAMETER(loss_focal_and_tversky, empty, p, beta, NAN, LOSS_STATUS_BETA);
    WRONG_PARAMETER(loss_focal_and_tversky, empty, p, smooth, -1, LOSS_STATUS_SMOOTH);
    WRONG_PARAMETER(loss_focal_and_tversky, empty, p, threshold, NAN, LOSS_STATUS_THRESHOLD);
    CHECK(!memcmp(empty, before, sizeof *empty));
    loss_focal_and_tversky_everything(empty, stranger);
    free(p), free(q), free(empty), free(stranger), free(before);
}

/* ---- classes ---- */

static void check_classes(const loss_classes_result *a, const loss_classes_result *b, size_t classes) {
    CHECK(isfinite(a->value) && a->weight > 0 && a->class_count == classes && b->class_count == classes);
    CHECK(!memcmp(&a->value, &b->value, 8) && !memcmp(&a->weight, &b->weight, 8) && !memcmp(a->parts, b->parts, sizeof a->parts));
    CHECK(!memcmp(&a->counts, &b->counts, sizeof a->counts));
    CHECK(!memcmp(a->soft, b->soft, sizeof a->soft) && !memcmp(a->hard, b->hard, sizeof a->hard));
}

static void ce_and_dice(void) {
    enum { STATE = LOSS_CE_AND_DICE_STATE };
    typedef loss_ce_and_dice T;
    size_t classes = 1 + below(LOSS_MOST_CLASSES), n = 1 + below(40), half = below((uint32_t)n + 1);
    loss_ce_and_dice_parameters *p = zeros(sizeof *p), *q;
    p->classes = (uint32_t)classes, p->ignored_label = below(2) ? -1 : 255, p->ce = unit() * 2 - 1, p->dice = unit(), p->smooth = unit();
    for (size_t i = 0; i < LOSS_MOST_CLASSES; i++) p->class_weights[i] = i < classes ? 0.25 + unit() : NAN;
    p->dice_classes = classes > 1 ? below(2) : LOSS_CLASS_SET_EVERY;
    q = copy(p, sizeof *p);
    q->smooth += 1;
    T *empty = memory(sizeof *empty), *stranger = memory(sizeof *stranger), *nothing = zeros(sizeof *nothing);
    OK(loss_ce_and_dice_init(empty, p));
    OK(loss_ce_and_dice_init(stranger, q));
    T *before = copy(empty, sizeof *empty);
    WRONG_INIT(loss_ce_and_dice_init, empty, p);
    WRONG_PARAMETER(loss_ce_and_dice, empty, p, classes, 0, LOSS_STATUS_CLASS_COUNT);
    WRONG_PARAMETER(loss_ce_and_dice, empty, p, ce, NAN, LOSS_STATUS_COEFFICIENT);
    WRONG_PARAMETER(loss_ce_and_dice, empty, p, dice, INFINITY, LOSS_STATUS_COEFFICIENT);
    WRONG_PARAMETER(loss_ce_and_dice, empty, p, class_weights[0], -1, LOSS_STATUS_CLASS_WEIGHT);
    WRONG_PARAMETER(loss_ce_and_dice, empty, p, smooth, NAN, LOSS_STATUS_SMOOTH);
    WRONG_PARAMETER(loss_ce_and_dice, empty, p, dice_classes, 2, LOSS_STATUS_OPTION);
    for (size_t i = 0; i < LOSS_MOST_CLASSES; i++) q->class_weights[i] = 1;
    q->classes = LOSS_MOST_CLASSES + 1;
    GIVES(loss_ce_and_dice_init(empty, q), LOSS_STATUS_CLASS_COUNT);
    CHECK(!memcmp(empty, before, sizeof *empty));

    float *z = memory(4 * n * classes), *w = memory(4 * n), *s = memory(4 * n * classes), *o = memory(4 * n * classes);
    uint8_t *labels = memory(n);
    for (size_t i = 0; i < n * classes; i++) z[i] = a_logit();
    for (size_t i = 0; i < n; i++) {
        w[i] = i ? a_weight() : 1;
        labels[i] = p->ignored_label == 255 && i && !below(8) ? 255 : (uint8_t)below((uint32_t)classes);
    }
    T *part = copy(empty, sizeof *empty), *rest = copy(empty, sizeof *empty), *whole = copy(empty, sizeof *empty);
    for (size_t i = 0; i < half; i++) {
        float *one = copy(z + i * classes, 4 * classes);
        OK(loss_ce_and_dice_push(part, one, labels[i], w[i]));
        free(one);
    }
    OK(loss_ce_and_dice_push_row(rest, z + half * classes, labels + half, w + half, n - half));
    OK(loss_ce_and_dice_push_row(whole, z, labels, w, n));
    OK(loss_ce_and_dice_push_row(whole, NULL, NULL, NULL, 0));
    loss_ce_and_dice_states(empty, part, rest, whole, stranger, STATE);
    loss_ce_and_dice_finishes(whole);

    loss_classes_result *first = memory(sizeof *first), *second = memory(sizeof *second);
    loss_ce_and_dice_gradient *gradient = memory(sizeof *gradient), *no_gradient = zeros(sizeof *no_gradient);
    OK(loss_ce_and_dice_finish(whole, first));
    OK(loss_ce_and_dice_finish_valid(whole, second));
    check_classes(first, second, classes);
    OK(loss_ce_and_dice_gradient_init(whole, unit() * 2, gradient));
    OK(loss_ce_and_dice_gradient_row(gradient, z, labels, w, s, n));
    all_finite(s, n * classes);
    for (size_t i = 0; i < n; i++) {
        /* In place, as the header allows. */
        float *one = copy(z + i * classes, 4 * classes);
        OK(loss_ce_and_dice_gradient_at(gradient, one, labels[i], w[i], one));
        memcpy(o + i * classes, one, 4 * classes);
        free(one);
    }
    equal(s, o, n * classes);
    OK(loss_ce_and_dice_gradient_row(gradient, NULL, NULL, NULL, NULL, 0));

    free(before);
    before = copy(whole, sizeof *whole);
    GIVES(loss_ce_and_dice_push(NULL, z, 0, 1), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_ce_and_dice_push(whole, NULL, 0, 1), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_ce_and_dice_push(MISALIGNED(whole), z, 0, 1), LOSS_STATUS_MISALIGNED);
    GIVES(loss_ce_and_dice_push(whole, MISALIGNED(z), 0, 1), LOSS_STATUS_MISALIGNED);
    GIVES(loss_ce_and_dice_push(nothing, z, 0, 1), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_ce_and_dice_push((void *)a_histogram, z, 0, 1), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_ce_and_dice_push_row(NULL, z, labels, w, n), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_ce_and_dice_push_row(whole, NULL, labels, w, n), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_ce_and_dice_push_row(whole, z, NULL, w, n), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_ce_and_dice_push_row(whole, MISALIGNED(z), labels, w, n), LOSS_STATUS_MISALIGNED);
    GIVES(loss_ce_and_dice_push_row(whole, z, labels, MISALIGNED(w), n), LOSS_STATUS_MISALIGNED);
    GIVES(loss_ce_and_dice_push_row(nothing, z, labels, w, n), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_ce_and_dice_push_row(whole, (float *)whole, labels, w, n), LOSS_STATUS_OVERLAP);
    GIVES(loss_ce_and_dice_push_row(whole, z, labels, w, SIZE_MAX), LOSS_STATUS_LENGTH);
    GIVES(loss_ce_and_dice_push_row(whole, z, labels, w, (size_t)PTRDIFF_MAX / 2), LOSS_STATUS_LENGTH);
    CHECK(!memcmp(whole, before, sizeof *whole));
    GIVES(loss_ce_and_dice_gradient_at(NULL, z, 0, 1, s), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_ce_and_dice_gradient_at(gradient, NULL, 0, 1, s), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_ce_and_dice_gradient_at(gradient, z, 0, 1, NULL), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_ce_and_dice_gradient_at(gradient, z, 0, 1, MISALIGNED(s)), LOSS_STATUS_MISALIGNED);
    GIVES(loss_ce_and_dice_gradient_at(no_gradient, z, 0, 1, s), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_ce_and_dice_gradient_at(gradient, z, 0, 1, (float *)gradient), LOSS_STATUS_OVERLAP);
    GIVES(loss_ce_and_dice_gradient_row(NULL, z, labels, w, s, n), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_ce_and_dice_gradient_row(gradient, NULL, labels, w, s, n), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_ce_and_dice_gradient_row(gradient, z, labels, w, NULL, n), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_ce_and_dice_gradient_row(gradient, z, labels, MISALIGNED(w), s, n), LOSS_STATUS_MISALIGNED);
    GIVES(loss_ce_and_dice_gradient_row(no_gradient, z, labels, w, s, n), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_ce_and_dice_gradient_row(gradient, s, labels, w, s, n), LOSS_STATUS_OVERLAP);
    GIVES(loss_ce_and_dice_gradient_row(gradient, z, (uint8_t *)s, w, s, n), LOSS_STATUS_OVERLAP);
    GIVES(loss_ce_and_dice_gradient_row(gradient, z, labels, w, s, SIZE_MAX), LOSS_STATUS_LENGTH);
    equal(s, o, n * classes);

    /* A label that is no class, or a logit that is not finite: counted, and no more. */
    float *bad = copy(z, 4 * classes);
    bad[below((uint32_t)classes)] = NAN;
    OK(loss_ce_and_dice_push(whole, bad, 0, 1));
    OK(loss_ce_and_dice_push(whole, z, below(2) ? INT32_MAX : -2, 1));
    GIVES(loss_ce_and_dice_finish(whole, first), LOSS_STATUS_REJECTED);
    OK(loss_ce_and_dice_finish_valid(whole, first));
    CHECK(first->counts.rejected_inputs == 1 && first->counts.rejected_labels == 1);
    second->counts = first->counts;
    check_classes(first, second, classes);
    /* Integers from anywhere. */
    int64_t *state = memory(8 * STATE);
    for (size_t i = 0; i < 6; i++) state[i] = below(100);
    if (loss_ce_and_dice_load_state(whole, state, STATE) == LOSS_STATUS_OK) {
        (void)loss_ce_and_dice_finish_valid(whole, first);
        if (loss_ce_and_dice_gradient_init(whole, 1, gradient) == LOSS_STATUS_OK)
            OK(loss_ce_and_dice_gradient_row(gradient, z, labels, w, s, n));
    }
    free(p), free(q), free(empty), free(stranger), free(nothing), free(before), free(z), free(w), free(s), free(o), free(labels);
    free(part), free(rest), free(whole), free(first), free(second), free(gradient), free(no_gradient), free(bad), free(state);
}

/* ---- histograms ---- */

static void histogram(void) {
    enum { STATE = LOSS_HISTOGRAM_STATE };
    typedef loss_histogram T;
    size_t n = 1 + below(60), half = below((uint32_t)n + 1);
    float scale = (float)(unit() + 0.01);
    T *empty = memory(sizeof *empty), *stranger = memory(sizeof *stranger), *nothing = zeros(sizeof *nothing);
    OK(loss_histogram_init(empty, scale, 3));
    OK(loss_histogram_init(stranger, scale, 4));
    T *before = copy(empty, sizeof *empty);
    GIVES(loss_histogram_init(NULL, scale, 3), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_histogram_init(MISALIGNED(empty), scale, 3), LOSS_STATUS_MISALIGNED);
    GIVES(loss_histogram_init(empty, 0, 3), LOSS_STATUS_SCALE);
    GIVES(loss_histogram_init(empty, NAN, 3), LOSS_STATUS_SCALE);
    GIVES(loss_histogram_init(empty, scale, 256), LOSS_STATUS_ZERO_POINT);
    GIVES(loss_histogram_init(empty, scale, INT32_MIN), LOSS_STATUS_ZERO_POINT);
    CHECK(!memcmp(empty, before, sizeof *empty));

    int8_t *codes = memory(n);
    uint8_t *targets = memory(n);
    for (size_t i = 0; i < n; i++) codes[i] = (int8_t)(below(256) - 128), targets[i] = (uint8_t)below(2);
    T *part = copy(empty, sizeof *empty), *rest = copy(empty, sizeof *empty), *whole = copy(empty, sizeof *empty);
    uint32_t ignored = bits();
    for (size_t i = 0; i < half; i++) OK(loss_histogram_push(part, codes[i], targets[i]));
    OK(loss_histogram_ignore(part, ignored));
    OK(loss_histogram_push_row(rest, codes + half, targets + half, n - half));
    OK(loss_histogram_push_row(whole, codes, targets, n));
    OK(loss_histogram_push_row(whole, NULL, NULL, 0));
    OK(loss_histogram_ignore(whole, ignored));
    loss_histogram_states(empty, part, rest, whole, stranger, STATE);

    free(before);
    before = copy(whole, sizeof *whole);
    float *logit = memory(4);
    OK(loss_histogram_logit(whole, 5, logit));
    CHECK(*logit == scale * 2);
    GIVES(loss_histogram_logit(NULL, 5, logit), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_histogram_logit(whole, 5, NULL), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_histogram_logit(whole, 5, MISALIGNED(logit)), LOSS_STATUS_MISALIGNED);
    GIVES(loss_histogram_logit(nothing, 5, logit), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_histogram_logit(whole, 5, (float *)whole), LOSS_STATUS_OVERLAP);
    GIVES(loss_histogram_push(NULL, 0, true), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_histogram_push(MISALIGNED(whole), 0, true), LOSS_STATUS_MISALIGNED);
    GIVES(loss_histogram_push(nothing, 0, true), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_histogram_ignore(NULL, 1), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_histogram_ignore(MISALIGNED(whole), 1), LOSS_STATUS_MISALIGNED);
    GIVES(loss_histogram_ignore((void *)a_ce_and_dice, 1), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_histogram_push_row(NULL, codes, targets, n), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_histogram_push_row(whole, NULL, targets, n), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_histogram_push_row(whole, codes, NULL, n), LOSS_STATUS_NULL_POINTER);
    GIVES(loss_histogram_push_row(nothing, codes, targets, n), LOSS_STATUS_NOT_INITIALISED);
    GIVES(loss_histogram_push_row(whole, (int8_t *)whole, targets, n), LOSS_STATUS_OVERLAP);
    GIVES(loss_histogram_push_row(whole, codes, targets, SIZE_MAX), LOSS_STATUS_LENGTH);
    CHECK(!memcmp(whole, before, sizeof *whole));
    /* A target that is neither 0 nor 1 is counted, and no more. */
    loss_counts *counts = memory(sizeof *counts);
    *targets = 2;
    OK(loss_histogram_push_row(whole, codes, targets, 1));
    OK(loss_histogram_counts(whole, counts));
    CHECK(counts->rejected_targets == 1 && counts->valid == (int64_t)n && counts->ignored == (int64_t)ignored);
    free(empty), free(stranger), free(nothing), free(before), free(codes), free(targets), free(part), free(rest), free(whole);
    free(logit), free(counts);
}

int main(int argc, char **argv) {
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 200, first = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    for (seed = first; seed < first + rounds; seed++) {
        random_state = seed * 0x9e3779b97f4a7c15u + 1;
        for (int i = 0; i < 4; i++) bits();
        a_histogram = memory(sizeof *a_histogram);
        a_ce_and_dice = memory(sizeof *a_ce_and_dice);
        loss_ce_and_dice_parameters *p = zeros(sizeof *p);
        p->classes = 1;
        OK(loss_histogram_init(a_histogram, 1, 0));
        OK(loss_ce_and_dice_init(a_ce_and_dice, p));
        for (uint32_t status = 0; status < 200; status++) {
            const char *message = loss_status_message(below(2) ? status : bits());
            CHECK(message && strlen(message) > 3);
        }
        terms();
        any();
        bce_and_dice();
        focal_and_tversky();
        ce_and_dice();
        histogram();
        free(a_histogram), free(a_ce_and_dice), free(p);
    }
    printf("%lu rounds\n", rounds);
    return 0;
}
