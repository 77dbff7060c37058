// The least program for each interface: ../run measures what it takes of flash, and with STACK of memory.

#include "loss.h"

extern float logits[], slopes[];
extern uint8_t targets[];
float logits[80], slopes[80];
uint8_t targets[16];
double value;

#if defined(BCE_AND_DICE) || defined(BCE_AND_DICE_COUNTING) || defined(HISTOGRAM)
static const loss_bce_and_dice_parameters parameters = {
    .bce = 1.0, .pos_weight = 1.0f, .dice = 1.0, .smooth = 1e-5, .threshold = 0.5};
#endif
#ifdef HISTOGRAM
static loss_histogram sums;
static char gradient; // It has none.
#endif
#ifdef BCE_AND_DICE
static loss_bce_and_dice sums;
static loss_bce_and_dice_gradient gradient;
#define INIT loss_bce_and_dice_init(&sums, &parameters)
#define NAME(function) loss_bce_and_dice_##function
#define PUSH_ROW NAME(push_hard_row)
#define GRADIENT_ROW NAME(gradient_hard_row)(&gradient, logits, targets, NULL, slopes, 16)
#endif
#ifdef BCE_AND_DICE_COUNTING
static loss_bce_and_dice_counting sums;
static loss_bce_and_dice_gradient gradient;
#define INIT loss_bce_and_dice_counting_init(&sums, &parameters)
#define NAME(function) loss_bce_and_dice_counting_##function
#define PUSH_ROW NAME(push_hard_row)
#define GRADIENT_ROW loss_bce_and_dice_gradient_hard_row(&gradient, logits, targets, NULL, slopes, 16)
#endif
#ifdef FOCAL_AND_TVERSKY
static const loss_focal_and_tversky_parameters parameters = {
    .focal = 1.0, .gamma = 2.0f, .focal_alpha = 0.25f, .tversky = 1.0, .alpha = 0.3, .beta = 0.7, .smooth = 1e-5,
    .threshold = 0.5};
static loss_focal_and_tversky sums;
static loss_focal_and_tversky_gradient gradient;
#define INIT loss_focal_and_tversky_init(&sums, &parameters)
#define NAME(function) loss_focal_and_tversky_##function
#define PUSH_ROW NAME(push_hard_row)
#define GRADIENT_ROW NAME(gradient_hard_row)(&gradient, logits, targets, NULL, slopes, 16)
#endif
#ifdef ANY
static loss_term terms[2];
static loss_any sums;
static loss_any_gradient gradient;
#define INIT \
    (loss_term_bce(&terms[0], 1.0, LOSS_REDUCTION_MEAN, 1.0f), loss_term_dice(&terms[1], 1.0, 1e-5), \
     loss_any_init(&sums, terms, 2, 0.5))
#define NAME(function) loss_any_##function
#define PUSH_ROW NAME(push_hard_row)
#define GRADIENT_ROW NAME(gradient_hard_row)(&gradient, logits, targets, NULL, slopes, 16)
#endif
#ifdef CE_AND_DICE
static const loss_ce_and_dice_parameters parameters = {
    .classes = 5, .ignored_label = -1, .ce = 1.0, .class_weights = {1.0, 1.0, 1.0, 1.0, 1.0}, .dice = 1.0, .smooth = 1e-5,
    .dice_classes = LOSS_CLASS_SET_EVERY};
static loss_ce_and_dice sums;
static loss_ce_and_dice_gradient gradient;
#define INIT loss_ce_and_dice_init(&sums, &parameters)
#define NAME(function) loss_ce_and_dice_##function
#define PUSH_ROW NAME(push_row)
#define GRADIENT_ROW NAME(gradient_row)(&gradient, logits, targets, NULL, slopes, 16)
#define RESULT loss_classes_result
#endif
#ifndef RESULT
#define RESULT loss_result
#endif

static void use(void) {
#ifdef HISTOGRAM
    (void)gradient;
    static loss_bce_and_dice other;
    static loss_result result;
    loss_histogram_init(&sums, 0.05f, 3);
    loss_histogram_push_row(&sums, (const int8_t *)logits, targets, 16);
    loss_bce_and_dice_init(&other, &parameters);
    loss_bce_and_dice_push_histogram(&other, &sums);
    loss_bce_and_dice_finish(&other, &result);
    value = result.value;
#elif !defined(NOTHING)
    static RESULT result;
    INIT;
    PUSH_ROW(&sums, logits, targets, NULL, 16);
    NAME(finish)(&sums, &result);
    value = result.value;
#ifdef GRADIENT
    NAME(gradient_init)(&sums, 1.0, &gradient);
    GRADIENT_ROW;
#else
    (void)gradient;
#endif
#endif
}

#ifdef STACK
#include <stdio.h>

// Paints the stack below, and looks how much of it is overwritten.
int main(void) {
    enum { WORDS = 1 << 14, MARGIN = 16, PAINT = 0x5a5a5a5a };
    volatile uint32_t *const top = (volatile uint32_t *)__builtin_frame_address(0) - MARGIN;
    for (int i = 1; i <= WORDS; i++) top[-i] = PAINT;
    use();
    int deepest = WORDS;
    while (deepest > 0 && top[-deepest] == PAINT) deepest--;
    printf("%u %u %u\n", (unsigned)sizeof sums, (unsigned)sizeof gradient, 4u * (unsigned)(deepest + MARGIN));
    return deepest == WORDS;
}
#else
int main(void) {
    use();
    return 0;
}
#endif
