// Streams made-up pixels through each kind of loss, and prints every integer of the states, the bits of the values, and a checksum of the
// gradients. The program is the same on a Cortex-M4F and on a workstation, and so must be what it prints, which src/main.rs computes without C: ../run compares.

#include <stdio.h>
#include <stdlib.h>

#include "loss.h"

enum { ROWS = 40, WIDTH = 53, CLASSES = 5 };

// Made-up pixels: a linear congruential generator, and numbers that are exact in a float.
static uint32_t seed;
static uint32_t next_bits(void) {
    seed = seed * 1664525u + 1013904223u;
    return seed >> 16;
}
static float next_logit(void) { return (float)((int32_t)next_bits() - 32768) * (1.0f / 4096.0f); }
static uint8_t next_hard(void) { return (next_bits() & 7) == 0; }
static float next_soft(void) { return (float)(next_bits() & 255) * (1.0f / 256.0f); }
static float next_weight(void) { return (float)(next_bits() & 7) * 0.5f; }

static void check(loss_status status, int line) {
    if (status != LOSS_STATUS_OK) {
        printf("line %d: %s\n", line, loss_status_message(status));
        exit(1);
    }
}
#define CHECK(call) check((call), __LINE__)

static void print_bits(const char *loss, const char *what, uint64_t bits) {
    printf("%s %s %08lx%08lx\n", loss, what, (unsigned long)(bits >> 32), (unsigned long)(bits & 0xffffffffu));
}
static void print_number(const char *loss, const char *what, double number) {
    union { double number; uint64_t bits; } both = {.number = number};
    print_bits(loss, what, both.bits);
}
static void print_state(const char *loss, const int64_t *state, size_t length) {
    for (size_t i = 0; i < length; i++) print_bits(loss, "state", (uint64_t)state[i]);
}

// FNV-1a of the bits of gradients.
static uint64_t checksum;
static void start_checksum(void) { checksum = 0xcbf29ce484222325u; }
static void add_to_checksum(const float *slopes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        union { float number; uint32_t bits; } both = {.number = slopes[i]};
        checksum = (checksum ^ both.bits) * 0x100000001b3u;
    }
}

static void print_result(const char *loss, const loss_result *result) {
    print_number(loss, "value", result->value);
    for (uint32_t i = 0; i < result->part_count; i++) print_number(loss, "part", result->parts[i].value);
    print_number(loss, "soft true positive", result->soft.true_positive);
    print_number(loss, "hard true positive", result->hard.true_positive);
}

// Rows of logits and of bytes.
static void bce_and_dice(void) {
    static float logits[WIDTH], slopes[WIDTH];
    static uint8_t mask[WIDTH];
    static int64_t state[LOSS_BCE_AND_DICE_STATE];
    loss_bce_and_dice sums;
    loss_bce_and_dice_gradient gradient;
    loss_result result;
    const loss_bce_and_dice_parameters parameters = {
        .bce = 1.0, .pos_weight = 2.5f, .dice = 0.5, .smooth = 1e-5, .threshold = 0.5};
    CHECK(loss_bce_and_dice_init(&sums, &parameters));
    for (int pass = 0; pass < 2; pass++) {
        seed = 1;
        if (pass == 1) CHECK(loss_bce_and_dice_gradient_init(&sums, 1.0, &gradient));
        start_checksum();
        for (int row = 0; row < ROWS; row++) {
            for (int i = 0; i < WIDTH; i++) {
                logits[i] = next_logit();
                mask[i] = next_hard();
            }
            if (pass == 0) {
                CHECK(loss_bce_and_dice_push_hard_row(&sums, logits, mask, NULL, WIDTH));
            } else {
                CHECK(loss_bce_and_dice_gradient_hard_row(&gradient, logits, mask, NULL, slopes, WIDTH));
                add_to_checksum(slopes, WIDTH);
            }
        }
    }
    CHECK(loss_bce_and_dice_finish(&sums, &result));
    CHECK(loss_bce_and_dice_write_state(&sums, state, LOSS_BCE_AND_DICE_STATE));
    print_bits("bce_and_dice", "fingerprint", loss_bce_and_dice_fingerprint(&sums));
    print_state("bce_and_dice", state, LOSS_BCE_AND_DICE_STATE);
    print_result("bce_and_dice", &result);
    print_bits("bce_and_dice", "gradient", checksum);
}

// Hard targets, counted, in rows with pixels that are ignored.
static void bce_and_dice_counting(void) {
    static float logits[WIDTH], weights[WIDTH], slopes[WIDTH];
    static uint8_t mask[WIDTH], valid[WIDTH];
    static int64_t state[LOSS_BCE_AND_DICE_COUNTING_STATE];
    loss_bce_and_dice_counting sums;
    loss_bce_and_dice_gradient gradient;
    loss_result result;
    const loss_bce_and_dice_parameters parameters = {
        .bce = 1.0, .pos_weight = 2.5f, .dice = 0.5, .smooth = 1e-5, .threshold = 0.5};
    CHECK(loss_bce_and_dice_counting_init(&sums, &parameters));
    for (int pass = 0; pass < 2; pass++) {
        seed = 6;
        if (pass == 1) CHECK(loss_bce_and_dice_counting_gradient_init(&sums, 1.0, &gradient));
        start_checksum();
        for (int row = 0; row < ROWS; row++) {
            for (int i = 0; i < WIDTH; i++) {
                logits[i] = next_logit();
                mask[i] = next_hard();
                valid[i] = next_weight() > 0.0f;
                weights[i] = valid[i];
            }
            if (pass == 0) {
                CHECK(loss_bce_and_dice_counting_push_hard_row(&sums, logits, mask, valid, WIDTH));
            } else {
                CHECK(loss_bce_and_dice_gradient_hard_row(&gradient, logits, mask, weights, slopes, WIDTH));
                add_to_checksum(slopes, WIDTH);
            }
        }
    }
    CHECK(loss_bce_and_dice_counting_finish(&sums, &result));
    CHECK(loss_bce_and_dice_counting_write_state(&sums, state, LOSS_BCE_AND_DICE_COUNTING_STATE));
    print_bits("bce_and_dice_counting", "fingerprint", loss_bce_and_dice_counting_fingerprint(&sums));
    print_state("bce_and_dice_counting", state, LOSS_BCE_AND_DICE_COUNTING_STATE);
    print_result("bce_and_dice_counting", &result);
    print_bits("bce_and_dice_counting", "gradient", checksum);
}

// Pixel by pixel, with soft targets and weights.
static void focal_and_tversky(void) {
    static int64_t state[LOSS_FOCAL_AND_TVERSKY_STATE];
    loss_focal_and_tversky sums;
    loss_focal_and_tversky_gradient gradient;
    loss_result result;
    const loss_focal_and_tversky_parameters parameters = {
        .focal = 0.7, .gamma = 2.0f, .focal_alpha = 0.25f, .tversky = 0.3, .alpha = 0.3, .beta = 0.7, .smooth = 1.0,
        .threshold = 0.4};
    CHECK(loss_focal_and_tversky_init(&sums, &parameters));
    seed = 2;
    for (int i = 0; i < ROWS * WIDTH; i++) {
        const float logit = next_logit(), target = next_soft(), weight = next_weight();
        CHECK(loss_focal_and_tversky_push(&sums, logit, target, weight));
    }
    CHECK(loss_focal_and_tversky_gradient_init(&sums, 8.0, &gradient));
    seed = 2;
    start_checksum();
    for (int i = 0; i < ROWS * WIDTH; i++) {
        const float logit = next_logit(), target = next_soft(), weight = next_weight();
        float slope;
        CHECK(loss_focal_and_tversky_gradient_at(&gradient, logit, target, weight, &slope));
        add_to_checksum(&slope, 1);
    }
    CHECK(loss_focal_and_tversky_finish(&sums, &result));
    CHECK(loss_focal_and_tversky_write_state(&sums, state, LOSS_FOCAL_AND_TVERSKY_STATE));
    print_bits("focal_and_tversky", "fingerprint", loss_focal_and_tversky_fingerprint(&sums));
    print_state("focal_and_tversky", state, LOSS_FOCAL_AND_TVERSKY_STATE);
    print_result("focal_and_tversky", &result);
    print_bits("focal_and_tversky", "gradient", checksum);
}

// Terms that are chosen at run time, in two accumulators that are merged, one of them by its state.
static void any(void) {
    static int64_t state[LOSS_ANY_MOST_STATE];
    static loss_any left, right;
    static loss_any_gradient gradient;
    loss_term terms[3];
    loss_result result;
    CHECK(loss_term_poly1(&terms[0], 0.5, LOSS_REDUCTION_SUM, 1.5f));
    CHECK(loss_term_log_cosh_dice(&terms[1], 2.0, 1.0));
    CHECK(loss_term_set_overlap(&terms[1], LOSS_OVERLAP_SQUARED));
    CHECK(loss_term_mcc(&terms[2], 1.0, 1e-3));
    CHECK(loss_any_init(&left, terms, 3, 0.5));
    CHECK(loss_any_init(&right, terms, 3, 0.5));
    seed = 3;
    for (int i = 0; i < ROWS * WIDTH; i++) {
        const float logit = next_logit(), target = next_soft();
        CHECK(loss_any_push(i % 3 == 0 ? &left : &right, logit, target, 1.0f));
    }
    const size_t length = loss_any_state_length(&right);
    CHECK(loss_any_write_state(&right, state, length));
    CHECK(loss_any_reset(&right));
    CHECK(loss_any_load_state(&right, state, length));
    CHECK(loss_any_merge(&left, &right));
    CHECK(loss_any_gradient_init(&left, 1.0, &gradient));
    seed = 3;
    start_checksum();
    for (int i = 0; i < ROWS * WIDTH; i++) {
        const float logit = next_logit(), target = next_soft();
        float slope;
        CHECK(loss_any_gradient_at(&gradient, logit, target, 1.0f, &slope));
        add_to_checksum(&slope, 1);
    }
    CHECK(loss_any_finish(&left, &result));
    CHECK(loss_any_write_state(&left, state, length));
    print_bits("any", "fingerprint", loss_any_fingerprint(&left));
    print_state("any", state, length);
    print_result("any", &result);
    print_bits("any", "gradient", checksum);
}

// Five classes, in rows whose pixels have their logits side by side.
static void ce_and_dice(void) {
    static float logits[WIDTH * CLASSES], slopes[WIDTH * CLASSES];
    static uint8_t labels[WIDTH];
    static int64_t state[LOSS_CE_AND_DICE_STATE];
    static loss_ce_and_dice sums;
    static loss_ce_and_dice_gradient gradient;
    static loss_classes_result result;
    const loss_ce_and_dice_parameters parameters = {
        .classes = CLASSES, .ignored_label = 5, .ce = 1.0, .class_weights = {1.0, 5.0, 20.0, 20.0, 20.0}, .dice = 1.0,
        .smooth = 1e-5, .dice_classes = LOSS_CLASS_SET_FOREGROUND};
    CHECK(loss_ce_and_dice_init(&sums, &parameters));
    for (int pass = 0; pass < 2; pass++) {
        seed = 4;
        if (pass == 1) CHECK(loss_ce_and_dice_gradient_init(&sums, 1.0, &gradient));
        start_checksum();
        for (int row = 0; row < ROWS; row++) {
            for (int i = 0; i < WIDTH; i++) {
                for (int class = 0; class < CLASSES; class++) logits[i * CLASSES + class] = next_logit();
                labels[i] = next_bits() % 6;
            }
            if (pass == 0) {
                CHECK(loss_ce_and_dice_push_row(&sums, logits, labels, NULL, WIDTH));
            } else {
                CHECK(loss_ce_and_dice_gradient_row(&gradient, logits, labels, NULL, slopes, WIDTH));
                add_to_checksum(slopes, WIDTH * CLASSES);
            }
        }
    }
    CHECK(loss_ce_and_dice_finish(&sums, &result));
    CHECK(loss_ce_and_dice_write_state(&sums, state, LOSS_CE_AND_DICE_STATE));
    print_bits("ce_and_dice", "fingerprint", loss_ce_and_dice_fingerprint(&sums));
    print_state("ce_and_dice", state, LOSS_CE_AND_DICE_STATE);
    print_number("ce_and_dice", "value", result.value);
    for (int i = 0; i < 2; i++) print_number("ce_and_dice", "part", result.parts[i].value);
    for (uint32_t class = 0; class < result.class_count; class++) {
        print_number("ce_and_dice", "hard true positive", result.hard[class].true_positive);
    }
    print_bits("ce_and_dice", "gradient", checksum);
}

// Codes of an int8 model.
static void histogram(void) {
    static int8_t codes[WIDTH];
    static uint8_t mask[WIDTH];
    static loss_histogram counts;
    loss_bce_and_dice sums;
    loss_result result;
    const loss_bce_and_dice_parameters parameters = {
        .bce = 1.0, .pos_weight = 1.0f, .dice = 1.0, .smooth = 1.0, .threshold = 0.5};
    CHECK(loss_histogram_init(&counts, 0.05f, 3));
    seed = 5;
    for (int row = 0; row < ROWS; row++) {
        for (int i = 0; i < WIDTH; i++) {
            codes[i] = (int8_t)((int32_t)(next_bits() & 255) - 128);
            mask[i] = next_hard();
        }
        CHECK(loss_histogram_push_row(&counts, codes, mask, WIDTH));
    }
    CHECK(loss_bce_and_dice_init(&sums, &parameters));
    CHECK(loss_bce_and_dice_push_histogram(&sums, &counts));
    CHECK(loss_bce_and_dice_finish(&sums, &result));
    print_bits("histogram", "fingerprint", loss_histogram_fingerprint(&counts));
    print_result("histogram", &result);
}

int main(void) {
    bce_and_dice();
    bce_and_dice_counting();
    focal_and_tversky();
    any();
    ce_and_dice();
    histogram();
    return 0;
}
