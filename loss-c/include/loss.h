// Segmentation losses for firmware in C: exact sums over a stream of pixels, their values and their gradients.
//
// Generated from loss-c/src by cbindgen; do not edit. README.md of loss-c says how to build and to link.
//
// Nothing here allocates, blocks or keeps global state. An object (`loss_any`, `loss_histogram` and so on) is memory of the caller's, on a
// stack or static, of a size that is the same on every machine. It holds no pointers: it may be copied by assignment, and needs no clean-up.
//
// An object is made ready by its `..._init` function (a loss_term: by a function named after its loss), which it begins with a mark by which
// the others know it. To them an object without the mark is not ready, such as one in static memory, which is zero at first. What an automatic
// variable holds before it is made ready is anything, the mark of an object that stood there earlier too: then what a function does is
// undefined. So call `..._init` first, and look at what it answers.
//
// What every function promises: a pointer that is NULL or misaligned (LOSS_STATUS_NULL_POINTER, LOSS_STATUS_MISALIGNED), an object without
// its mark (LOSS_STATUS_NOT_INITIALISED), memory to be changed that overlaps memory which is read later in the call, where the function does
// not say that it may (LOSS_STATUS_OVERLAP), a length that memory cannot have (LOSS_STATUS_LENGTH) and a parameter out of range give a status other than
// LOSS_STATUS_OK, and nothing is changed. Of length 0, a pointer may be NULL.
//
// What every function asks of its caller: a pointer that is not NULL points to memory of the size that type and length say, which no other
// thread or interrupt changes meanwhile, or reads if the function changes it. An object is changed by these functions and by assignment alone.
// `const` memory is only read. Outputs need not be initialised.
//
// Numbers are IEEE 754; the floating-point unit is in its default mode: rounding to nearest, subnormal numbers kept. Values and slopes are finite,
// whatever the pixels. All values have the same bits on every machine, in C and in Rust.


#ifndef LOSS_H
#define LOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The format of a state: what each of its integers means. It stands beside a state, as the fingerprint does.
#define LOSS_STATE_VERSION 3

// The most integers that the state of a loss_any can have; loss_any_state_length tells how many one has.
#define LOSS_ANY_MOST_STATE 90

// How many integers the state of a loss_bce_and_dice has.
#define LOSS_BCE_AND_DICE_STATE 41

// How many integers the state of a loss_bce_and_dice_counting has.
#define LOSS_BCE_AND_DICE_COUNTING_STATE 23

// The most classes that a loss_ce_and_dice can have.
#define LOSS_MOST_CLASSES 8

// How many integers the state of a loss_ce_and_dice has, whatever the number of its classes.
#define LOSS_CE_AND_DICE_STATE 216

// How many integers the state of a loss_focal_and_tversky has.
#define LOSS_FOCAL_AND_TVERSKY_STATE 41

// How many integers the state of a loss_histogram has.
#define LOSS_HISTOGRAM_STATE 514

// The most terms that a loss_any can have.
#define LOSS_MOST_TERMS 4

// What became of a call. Whatever is not LOSS_STATUS_OK has changed nothing.
enum loss_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Done.
  LOSS_STATUS_OK = 0,
  // A pointer is NULL that may not be.
  LOSS_STATUS_NULL_POINTER = 1,
  // A pointer is not aligned to its type.
  LOSS_STATUS_MISALIGNED = 2,
  // The object was not made ready by its `..._init` function, or is of another kind.
  LOSS_STATUS_NOT_INITIALISED = 3,
  // Two stretches of memory overlap that may not.
  LOSS_STATUS_OVERLAP = 4,
  // A length is not the one that is needed, or beyond the memory that can be.
  LOSS_STATUS_LENGTH = 5,
  // The number of terms is not 1 to LOSS_MOST_TERMS.
  LOSS_STATUS_TERM_COUNT = 6,
  // The number of classes is not 1 to LOSS_MOST_CLASSES.
  LOSS_STATUS_CLASS_COUNT = 7,
  // An option is none of its enumeration's, or the term has no such option.
  LOSS_STATUS_OPTION = 8,
  // A coefficient is not a finite number, or the magnitudes of all together are beyond 3.4e38.
  LOSS_STATUS_COEFFICIENT = 9,
  // A threshold does not lie between 0 and 1.
  LOSS_STATUS_THRESHOLD = 10,
  // gamma is out of range.
  LOSS_STATUS_GAMMA = 11,
  // alpha is out of range.
  LOSS_STATUS_ALPHA = 12,
  // beta is out of range.
  LOSS_STATUS_BETA = 13,
  // The smoothing is out of range.
  LOSS_STATUS_SMOOTH = 14,
  // pos_weight is out of range.
  LOSS_STATUS_POS_WEIGHT = 15,
  // delta is out of range.
  LOSS_STATUS_DELTA = 16,
  // epsilon is out of range.
  LOSS_STATUS_EPSILON = 17,
  // q is out of range.
  LOSS_STATUS_Q = 18,
  // A class weight is out of range.
  LOSS_STATUS_CLASS_WEIGHT = 19,
  // The scale of the quantised codes is out of range.
  LOSS_STATUS_SCALE = 20,
  // The zero point of the quantised codes is out of range.
  LOSS_STATUS_ZERO_POINT = 21,
  // Another parameter is out of range.
  LOSS_STATUS_PARAMETER = 22,
  // The two objects were made by losses that differ.
  LOSS_STATUS_OTHER_LOSS = 23,
  // The state holds a negative count.
  LOSS_STATUS_NEGATIVE_COUNT = 24,
  // No pixel was pushed.
  LOSS_STATUS_NO_PIXELS = 25,
  // Every pixel was ignored or rejected.
  LOSS_STATUS_NO_VALID_PIXELS = 26,
  // Some pixels were rejected.
  LOSS_STATUS_REJECTED = 27,
  // A term of the loss is larger than the largest float.
  LOSS_STATUS_SATURATED = 28,
  // The state holds an integer that no pixels can have made.
  LOSS_STATUS_STATE = 29,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum loss_status loss_status;
#else
typedef uint32_t loss_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What the sum over pixels of a pointwise loss is divided by.
enum loss_reduction
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The sum of the weights.
  LOSS_REDUCTION_MEAN = 0,
  // Nothing: the sum.
  LOSS_REDUCTION_SUM = 1,
  // The number of pixels, ignored ones included and rejected ones not.
  LOSS_REDUCTION_MEAN_OVER_PIXELS = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum loss_reduction loss_reduction;
#else
typedef uint32_t loss_reduction;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The form in which overlap and errors are summed.
enum loss_overlap
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // p t, the common form.
  LOSS_OVERLAP_PRODUCT = 0,
  // p² and t² below the fraction bar (V-Net).
  LOSS_OVERLAP_SQUARED = 1,
  // min(p, t), for soft labels.
  LOSS_OVERLAP_MINIMUM = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum loss_overlap loss_overlap;
#else
typedef uint32_t loss_overlap;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What a mask without foreground counts for.
enum loss_empty_mask
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // What the formula gives.
  LOSS_EMPTY_MASK_FORMULA = 0,
  // A loss of 0.
  LOSS_EMPTY_MASK_ZERO = 1,
  // A loss of 1.
  LOSS_EMPTY_MASK_ONE = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum loss_empty_mask loss_empty_mask;
#else
typedef uint32_t loss_empty_mask;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The classes that a region loss is the mean of.
enum loss_class_set
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // All.
  LOSS_CLASS_SET_EVERY = 0,
  // All but class 0.
  LOSS_CLASS_SET_FOREGROUND = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum loss_class_set loss_class_set;
#else
typedef uint32_t loss_class_set;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// A sum of one to LOSS_MOST_TERMS terms that are chosen at run time, over a stream of pixels.
typedef struct {
  int64_t opaque[99];
} loss_any;

// A loss with its parameters and its coefficient: what a loss_any is made of.
typedef struct {
  int64_t opaque[10];
} loss_term;

// How often each code of an int8 model met each target: one increment a pixel. The logit of a code is scale * (code - zero point).
typedef struct {
  int64_t opaque[518];
} loss_histogram;

// How many pixels were pushed, and what became of them.
typedef struct {
  // In the sums.
  int64_t valid;
  // Weight 0, or an ignored label.
  int64_t ignored;
  // Left out: the logit is not finite.
  int64_t rejected_inputs;
  // Left out: the target lies outside [0, 1].
  int64_t rejected_targets;
  // Left out: the weight is neither 0 nor in [2^-32, 2^32].
  int64_t rejected_weights;
  // Left out: the label is no class.
  int64_t rejected_labels;
} loss_counts;

// A term of a loss: it enters the value with coefficient * value.
typedef struct {
  // The coefficient.
  double coefficient;
  // The value before the coefficient.
  double value;
} loss_part;

// Sums of weights by what was predicted and what is true.
typedef struct {
  // Foreground, and predicted so.
  double true_positive;
  // Background, predicted to be foreground.
  double false_positive;
  // Foreground, predicted to be background.
  double false_negative;
  // Background, and predicted so.
  double true_negative;
} loss_confusion;

// A finished loss.
typedef struct {
  // The loss.
  double value;
  // The sum of the weights of the valid pixels.
  double weight;
  // The terms, in their order; those past part_count are 0.
  loss_part parts[LOSS_MOST_TERMS];
  // How many terms there are.
  uint32_t part_count;
  // How many pixels there were.
  loss_counts counts;
  // The soft confusion: sums of probabilities.
  loss_confusion soft;
  // The confusion of predictions at the threshold.
  loss_confusion hard;
} loss_result;

// The gradient of a loss_any.
typedef struct {
  int64_t opaque[57];
} loss_any_gradient;

// bce * BCE + dice * Dice over a stream of pixels, in less flash and memory than the same as a loss_any.
typedef struct {
  int64_t opaque[37];
} loss_bce_and_dice;

// The parameters of a loss_bce_and_dice and a loss_bce_and_dice_counting. Pixels are pooled: all of them are one image to Dice.
typedef struct {
  // The coefficient of the mean binary cross-entropy: a finite number. The magnitudes of both add up to at most 3.4e38.
  double bce;
  // The weight of its foreground term, finite and at least 0; 1 is none.
  float pos_weight;
  // The coefficient of the Dice loss: a finite number. The magnitudes of both add up to at most 3.4e38.
  double dice;
  // The smoothing of Dice, above and below the fraction bar, finite and at least 0.
  double smooth;
  // The confusion calls a pixel foreground from this probability on: between 0 and 1, usually 0.5. The loss does not depend on it.
  double threshold;
} loss_bce_and_dice_parameters;

// The gradient of a loss_bce_and_dice or a loss_bce_and_dice_counting.
typedef struct {
  int64_t opaque[10];
} loss_bce_and_dice_gradient;

// bce * BCE + dice * Dice over a stream of pixels with hard targets and no weights, which are counted where others are summed: less memory
// than a loss_bce_and_dice, and the same bits of value and gradient. Its state is another.
typedef struct {
  int64_t opaque[26];
} loss_bce_and_dice_counting;

// ce * cross-entropy + dice * (mean of the classes' Dice losses) of a softmax over up to LOSS_MOST_CLASSES classes.
typedef struct {
  int64_t opaque[164];
} loss_ce_and_dice;

// The parameters of a loss_ce_and_dice.
typedef struct {
  // The number of classes, 1 to LOSS_MOST_CLASSES.
  uint32_t classes;
  // A label whose pixels are ignored, such as 255, whatever their logits; -1 is none. Other labels that are no class are out of range.
  int32_t ignored_label;
  // The coefficient of the cross-entropy, a mean weighted by class: a finite number. The magnitudes of both add up to at most 3.4e38.
  double ce;
  // The weights of the classes in it, each finite and at least 0; those past `classes` are not looked at.
  double class_weights[LOSS_MOST_CLASSES];
  // The coefficient of the Dice loss: a finite number. The magnitudes of both add up to at most 3.4e38.
  double dice;
  // The smoothing of Dice, above and below the fraction bar, finite and at least 0.
  double smooth;
  // The classes that Dice is the mean of: a loss_class_set.
  uint32_t dice_classes;
} loss_ce_and_dice_parameters;

// A finished loss over classes.
typedef struct {
  // The loss.
  double value;
  // The sum of the weights of the valid pixels.
  double weight;
  // The two terms: cross-entropy, and the Dice loss over classes.
  loss_part parts[2];
  // How many classes there are.
  uint32_t class_count;
  // How many pixels there were.
  loss_counts counts;
  // The soft confusion of each class against the rest; past class_count they are 0.
  loss_confusion soft[LOSS_MOST_CLASSES];
  // The confusion of the likeliest classes.
  loss_confusion hard[LOSS_MOST_CLASSES];
} loss_classes_result;

// The gradient of a loss_ce_and_dice.
typedef struct {
  int64_t opaque[74];
} loss_ce_and_dice_gradient;

// focal * mean focal loss + tversky * Tversky loss over a stream of pixels, in less flash and memory than the same as a loss_any.
typedef struct {
  int64_t opaque[46];
} loss_focal_and_tversky;

// The parameters of a loss_focal_and_tversky. Pixels are pooled: all of them are one image to Tversky.
typedef struct {
  // The coefficient of the mean focal loss: a finite number. The magnitudes of both add up to at most 3.4e38.
  double focal;
  // Its exponent, finite and at least 0, usually 2.
  float gamma;
  // Its weight of foreground, in [0, 1], background having the rest; NAN: neither is weighed.
  float focal_alpha;
  // The coefficient of the Tversky loss: a finite number. The magnitudes of both add up to at most 3.4e38.
  double tversky;
  // Its weight of false positives, finite and at least 0.
  double alpha;
  // Its weight of false negatives, finite and at least 0.
  double beta;
  // Its smoothing, above and below the fraction bar, finite and at least 0.
  double smooth;
  // The confusion calls a pixel foreground from this probability on: between 0 and 1, usually 0.5. The loss does not depend on it.
  double threshold;
} loss_focal_and_tversky_parameters;

// The gradient of a loss_focal_and_tversky.
typedef struct {
  int64_t opaque[19];
} loss_focal_and_tversky_gradient;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// What a status means and what to do, as a text that is never NULL and need not be freed.
const char *loss_status_message(uint32_t status);

// Makes an accumulator ready, without pixels, for the sum of `count` ready terms, 1 to LOSS_MOST_TERMS, of which it keeps copies. Pixels are
// pooled: all of them are one image. The confusion calls a pixel foreground from the probability `threshold` on: between 0 and 1, usually 0.5;
// the loss does not depend on it.
//
// LOSS_STATUS_TERM_COUNT, LOSS_STATUS_NOT_INITIALISED for a term, LOSS_STATUS_COEFFICIENT if the terms' coefficients are too large together,
// LOSS_STATUS_THRESHOLD.
loss_status loss_any_init(loss_any *accumulator,
                          const loss_term *terms,
                          size_t count,
                          double threshold);

// Adds a pixel: a finite logit, a target in [0, 1] (1 is foreground), and a weight in [2^-32, 2^32], or 0: the pixel is ignored.
//
// A pixel that is out of range is left out and counted: that is no error of this function, but of the one that finishes.
loss_status loss_any_push(loss_any *accumulator, float logit, float target, float weight);

// Adds a pixel of weight 1: a finite logit, and whether it is foreground.
loss_status loss_any_push_hard(loss_any *accumulator, float logit, bool foreground);

// Adds a row of `length` pixels, with values as one pixel has. `weights` may be NULL: all are 1.
loss_status loss_any_push_row(loss_any *accumulator, const float *logits, const float *targets, const float *weights, size_t length);

// Adds a row of `length` pixels whose targets are bytes, 0 or 1; others are out of range. `weights` may be NULL: all are 1.
loss_status loss_any_push_hard_row(loss_any *accumulator, const float *logits, const uint8_t *targets, const float *weights, size_t length);

// Adds the pixels that a histogram has counted: the sums are, to the bit, those of the pixels one by one.
loss_status loss_any_push_histogram(loss_any *accumulator, const loss_histogram *histogram);

// Adds the pixels of `other` to those of `object`: the sums are, to the bit, those of one object that has seen all of them.
//
// LOSS_STATUS_OTHER_LOSS if the two were not made ready with equal parameters; LOSS_STATUS_OVERLAP if they are one.
loss_status loss_any_merge(loss_any *object, const loss_any *other);

// Forgets all pixels. The parameters stay.
loss_status loss_any_reset(loss_any *object);

// Writes how many pixels there were so far, and what became of them.
loss_status loss_any_counts(const loss_any *object, loss_counts *counts);

// Writes the sums as `length` integers: as many as the constant or function whose name ends in STATE or state_length says,
// else LOSS_STATUS_LENGTH.
//
// States add: the element-wise sum of up to 2^20 of them is a state of all their pixels. A state holds no parameters: send the
// fingerprint and LOSS_STATE_VERSION beside it.
loss_status loss_any_write_state(const loss_any *object, int64_t *state, size_t length);

// Replaces all pixels by those of a state, or of an element-wise sum of states, of an object with equal parameters: compare
// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state has not as many integers as an object of this kind
// writes; LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is below 0. Other damage is not noticed: a message needs a checksum.
loss_status loss_any_load_state(loss_any *object, const int64_t *state, size_t length);

// A number that tells kind and parameters from others, the same on every machine; 0 if the object is not ready.
uint64_t loss_any_fingerprint(const loss_any *object);

// Writes the result, if there is a valid pixel and none was rejected; more pixels may follow.
//
// LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS, LOSS_STATUS_REJECTED otherwise; LOSS_STATUS_SATURATED if a term of the loss is larger than
// the largest float.
loss_status loss_any_finish(const loss_any *accumulator,
                            loss_result *result);

// Writes the result over the valid pixels, whether others were rejected or not.
//
// LOSS_STATUS_NO_PIXELS or LOSS_STATUS_NO_VALID_PIXELS if there are none; LOSS_STATUS_SATURATED if a term of the loss is larger than the largest
// float.
loss_status loss_any_finish_valid(const loss_any *accumulator,
                                  loss_result *result);

// Makes `gradient` ready for a second pass: `upstream` (1, or what follows the loss in a chain rule; at most 3.4e38 in magnitude) times the
// slope of the loss over the valid pixels so far. It holds what it needs: the accumulator may go.
//
// LOSS_STATUS_COEFFICIENT if `upstream` is larger or no number; LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or
// LOSS_STATUS_SATURATED.
loss_status loss_any_gradient_init(const loss_any *accumulator, double upstream, loss_any_gradient *gradient);

// Writes the slope of the loss by the logit of one pixel: a finite number, and 0 if the pixel is ignored or out of range.
loss_status loss_any_gradient_at(const loss_any_gradient *gradient, float logit, float target, float weight, float *slope);

// Writes the slopes by the logits of a row of `length` pixels. `weights` may be NULL: all are 1. LOSS_STATUS_OVERLAP if `slopes`
// have memory in common with an input.
loss_status loss_any_gradient_row(const loss_any_gradient *gradient,
                                  const float *logits,
                                  const float *targets,
                                  const float *weights,
                                  float *slopes,
                                  size_t length);

// The same for targets that are bytes, 0 or 1.
loss_status loss_any_gradient_hard_row(const loss_any_gradient *gradient,
                                       const float *logits,
                                       const uint8_t *targets,
                                       const float *weights,
                                       float *slopes,
                                       size_t length);

// How many integers the state has, at most LOSS_ANY_MOST_STATE; 0 if the accumulator is not ready.
size_t loss_any_state_length(const loss_any *accumulator);

// Makes an accumulator ready, without pixels.
//
// LOSS_STATUS_COEFFICIENT, LOSS_STATUS_POS_WEIGHT, LOSS_STATUS_SMOOTH or LOSS_STATUS_THRESHOLD if a parameter is out of range.
loss_status loss_bce_and_dice_init(loss_bce_and_dice *accumulator, const loss_bce_and_dice_parameters *parameters);

// Adds a pixel: a finite logit, a target in [0, 1] (1 is foreground), and a weight in [2^-32, 2^32], or 0: the pixel is ignored.
//
// A pixel that is out of range is left out and counted: that is no error of this function, but of the one that finishes.
loss_status loss_bce_and_dice_push(loss_bce_and_dice *accumulator, float logit, float target, float weight);

// Adds a pixel of weight 1: a finite logit, and whether it is foreground.
loss_status loss_bce_and_dice_push_hard(loss_bce_and_dice *accumulator, float logit, bool foreground);

// Adds a row of `length` pixels, with values as one pixel has. `weights` may be NULL: all are 1.
loss_status loss_bce_and_dice_push_row(loss_bce_and_dice *accumulator,
                                       const float *logits,
                                       const float *targets,
                                       const float *weights,
                                       size_t length);

// Adds a row of `length` pixels whose targets are bytes, 0 or 1; others are out of range. `weights` may be NULL: all are 1.
loss_status loss_bce_and_dice_push_hard_row(loss_bce_and_dice *accumulator,
                                            const float *logits,
                                            const uint8_t *targets,
                                            const float *weights,
                                            size_t length);

// Adds the pixels that a histogram has counted: the sums are, to the bit, those of the pixels one by one.
loss_status loss_bce_and_dice_push_histogram(loss_bce_and_dice *accumulator, const loss_histogram *histogram);

// Adds the pixels of `other` to those of `object`: the sums are, to the bit, those of one object that has seen all of them.
//
// LOSS_STATUS_OTHER_LOSS if the two were not made ready with equal parameters; LOSS_STATUS_OVERLAP if they are one.
loss_status loss_bce_and_dice_merge(loss_bce_and_dice *object, const loss_bce_and_dice *other);

// Forgets all pixels. The parameters stay.
loss_status loss_bce_and_dice_reset(loss_bce_and_dice *object);

// Writes how many pixels there were so far, and what became of them.
loss_status loss_bce_and_dice_counts(const loss_bce_and_dice *object, loss_counts *counts);

// Writes the sums as `length` integers: as many as the constant or function whose name ends in STATE or state_length says,
// else LOSS_STATUS_LENGTH.
//
// States add: the element-wise sum of up to 2^20 of them is a state of all their pixels. A state holds no parameters: send the
// fingerprint and LOSS_STATE_VERSION beside it.
loss_status loss_bce_and_dice_write_state(const loss_bce_and_dice *object, int64_t *state, size_t length);

// Replaces all pixels by those of a state, or of an element-wise sum of states, of an object with equal parameters: compare
// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state has not as many integers as an object of this kind
// writes; LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is below 0. Other damage is not noticed: a message needs a checksum.
loss_status loss_bce_and_dice_load_state(loss_bce_and_dice *object, const int64_t *state, size_t length);

// A number that tells kind and parameters from others, the same on every machine; 0 if the object is not ready.
uint64_t loss_bce_and_dice_fingerprint(const loss_bce_and_dice *object);

// Writes the result, if there is a valid pixel and none was rejected; more pixels may follow.
//
// LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS, LOSS_STATUS_REJECTED otherwise; LOSS_STATUS_SATURATED if a term of the loss is larger than
// the largest float.
loss_status loss_bce_and_dice_finish(const loss_bce_and_dice *accumulator,
                                     loss_result *result);

// Writes the result over the valid pixels, whether others were rejected or not.
//
// LOSS_STATUS_NO_PIXELS or LOSS_STATUS_NO_VALID_PIXELS if there are none; LOSS_STATUS_SATURATED if a term of the loss is larger than the largest
// float.
loss_status loss_bce_and_dice_finish_valid(const loss_bce_and_dice *accumulator,
                                           loss_result *result);

// Makes `gradient` ready for a second pass: `upstream` (1, or what follows the loss in a chain rule; at most 3.4e38 in magnitude) times the
// slope of the loss over the valid pixels so far. It holds what it needs: the accumulator may go.
//
// LOSS_STATUS_COEFFICIENT if `upstream` is larger or no number; LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or
// LOSS_STATUS_SATURATED.
loss_status loss_bce_and_dice_gradient_init(const loss_bce_and_dice *accumulator, double upstream, loss_bce_and_dice_gradient *gradient);

// Writes the slope of the loss by the logit of one pixel: a finite number, and 0 if the pixel is ignored or out of range.
loss_status loss_bce_and_dice_gradient_at(const loss_bce_and_dice_gradient *gradient,
                                          float logit,
                                          float target,
                                          float weight,
                                          float *slope);

// Writes the slopes by the logits of a row of `length` pixels. `weights` may be NULL: all are 1. LOSS_STATUS_OVERLAP if `slopes`
// have memory in common with an input.
loss_status loss_bce_and_dice_gradient_row(const loss_bce_and_dice_gradient *gradient,
                                           const float *logits,
                                           const float *targets,
                                           const float *weights,
                                           float *slopes,
                                           size_t length);

// The same for targets that are bytes, 0 or 1.
loss_status loss_bce_and_dice_gradient_hard_row(const loss_bce_and_dice_gradient *gradient,
                                                const float *logits,
                                                const uint8_t *targets,
                                                const float *weights,
                                                float *slopes,
                                                size_t length);

// Makes a counting accumulator ready, without pixels.
//
// LOSS_STATUS_COEFFICIENT, LOSS_STATUS_POS_WEIGHT, LOSS_STATUS_SMOOTH or LOSS_STATUS_THRESHOLD if a parameter is out of range.
loss_status loss_bce_and_dice_counting_init(loss_bce_and_dice_counting *accumulator, const loss_bce_and_dice_parameters *parameters);

// Adds a pixel: a finite logit, and whether it is foreground.
//
// A pixel that is out of range is left out and counted: that is no error of this function, but of the one that finishes.
loss_status loss_bce_and_dice_counting_push_hard(loss_bce_and_dice_counting *accumulator, float logit, bool foreground);

// Adds a row of `length` pixels whose targets are bytes, 0 or 1; others are out of range. `valid` may be NULL; else it has a byte for each
// pixel, and those where it is 0 are ignored.
loss_status loss_bce_and_dice_counting_push_hard_row(loss_bce_and_dice_counting *accumulator,
                                                     const float *logits,
                                                     const uint8_t *targets,
                                                     const uint8_t *valid,
                                                     size_t length);

// Adds the pixels of `other` to those of `object`: the sums are, to the bit, those of one object that has seen all of them.
//
// LOSS_STATUS_OTHER_LOSS if the two were not made ready with equal parameters; LOSS_STATUS_OVERLAP if they are one.
loss_status loss_bce_and_dice_counting_merge(loss_bce_and_dice_counting *object, const loss_bce_and_dice_counting *other);

// Forgets all pixels. The parameters stay.
loss_status loss_bce_and_dice_counting_reset(loss_bce_and_dice_counting *object);

// Writes how many pixels there were so far, and what became of them.
loss_status loss_bce_and_dice_counting_counts(const loss_bce_and_dice_counting *object, loss_counts *counts);

// Writes the sums as `length` integers: as many as the constant or function whose name ends in STATE or state_length says,
// else LOSS_STATUS_LENGTH.
//
// States add: the element-wise sum of up to 2^20 of them is a state of all their pixels. A state holds no parameters: send the
// fingerprint and LOSS_STATE_VERSION beside it.
loss_status loss_bce_and_dice_counting_write_state(const loss_bce_and_dice_counting *object, int64_t *state, size_t length);

// Replaces all pixels by those of a state, or of an element-wise sum of states, of an object with equal parameters: compare
// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state has not as many integers as an object of this kind
// writes; LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is below 0. Other damage is not noticed: a message needs a checksum.
loss_status loss_bce_and_dice_counting_load_state(loss_bce_and_dice_counting *object, const int64_t *state, size_t length);

// A number that tells kind and parameters from others, the same on every machine; 0 if the object is not ready.
uint64_t loss_bce_and_dice_counting_fingerprint(const loss_bce_and_dice_counting *object);

// Writes the result, if there is a valid pixel and none was rejected; more pixels may follow.
//
// LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS, LOSS_STATUS_REJECTED otherwise; LOSS_STATUS_SATURATED if a term of the loss is larger than
// the largest float.
loss_status loss_bce_and_dice_counting_finish(const loss_bce_and_dice_counting *accumulator,
                                              loss_result *result);

// Writes the result over the valid pixels, whether others were rejected or not.
//
// LOSS_STATUS_NO_PIXELS or LOSS_STATUS_NO_VALID_PIXELS if there are none; LOSS_STATUS_SATURATED if a term of the loss is larger than the largest
// float.
loss_status loss_bce_and_dice_counting_finish_valid(const loss_bce_and_dice_counting *accumulator,
                                                    loss_result *result);

// Makes `gradient` ready for a second pass: `upstream` (1, or what follows the loss in a chain rule; at most 3.4e38 in magnitude) times the
// slope of the loss over the valid pixels so far. It holds what it needs: the accumulator may go.
//
// LOSS_STATUS_COEFFICIENT if `upstream` is larger or no number; LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or
// LOSS_STATUS_SATURATED.
loss_status loss_bce_and_dice_counting_gradient_init(const loss_bce_and_dice_counting *accumulator,
                                                     double upstream,
                                                     loss_bce_and_dice_gradient *gradient);

// Makes an accumulator ready, without pixels.
//
// LOSS_STATUS_CLASS_COUNT, LOSS_STATUS_COEFFICIENT, LOSS_STATUS_CLASS_WEIGHT, LOSS_STATUS_SMOOTH or LOSS_STATUS_OPTION (`dice_classes`) if a
// parameter is out of range.
loss_status loss_ce_and_dice_init(loss_ce_and_dice *accumulator,
                                  const loss_ce_and_dice_parameters *parameters);

// Adds a pixel: a finite logit for each class, the label of its class, from 0 on, and a weight in [2^-32, 2^32], or 0: the pixel is ignored.
//
// A pixel that is out of range is left out and counted: that is no error of this function, but of the one that finishes.
loss_status loss_ce_and_dice_push(loss_ce_and_dice *accumulator,
                                  const float *logits,
                                  int32_t label,
                                  float weight);

// Adds a row of `length` pixels: all logits of the first pixel, then all of the second, and so on. `weights` may be NULL: all are 1.
loss_status loss_ce_and_dice_push_row(loss_ce_and_dice *accumulator,
                                      const float *logits,
                                      const uint8_t *labels,
                                      const float *weights,
                                      size_t length);

// Adds the pixels of `other` to those of `object`: the sums are, to the bit, those of one object that has seen all of them.
//
// LOSS_STATUS_OTHER_LOSS if the two were not made ready with equal parameters; LOSS_STATUS_OVERLAP if they are one.
loss_status loss_ce_and_dice_merge(loss_ce_and_dice *object, const loss_ce_and_dice *other);

// Forgets all pixels. The parameters stay.
loss_status loss_ce_and_dice_reset(loss_ce_and_dice *object);

// Writes how many pixels there were so far, and what became of them.
loss_status loss_ce_and_dice_counts(const loss_ce_and_dice *object, loss_counts *counts);

// Writes the sums as `length` integers: as many as the constant or function whose name ends in STATE or state_length says,
// else LOSS_STATUS_LENGTH.
//
// States add: the element-wise sum of up to 2^20 of them is a state of all their pixels. A state holds no parameters: send the
// fingerprint and LOSS_STATE_VERSION beside it.
loss_status loss_ce_and_dice_write_state(const loss_ce_and_dice *object, int64_t *state, size_t length);

// Replaces all pixels by those of a state, or of an element-wise sum of states, of an object with equal parameters: compare
// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state has not as many integers as an object of this kind
// writes; LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is below 0. Other damage is not noticed: a message needs a checksum.
loss_status loss_ce_and_dice_load_state(loss_ce_and_dice *object, const int64_t *state, size_t length);

// A number that tells kind and parameters from others, the same on every machine; 0 if the object is not ready.
uint64_t loss_ce_and_dice_fingerprint(const loss_ce_and_dice *object);

// Writes the result, if there is a valid pixel and none was rejected; more pixels may follow.
//
// LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS, LOSS_STATUS_REJECTED otherwise; LOSS_STATUS_SATURATED if a term of the loss is larger than
// the largest float.
loss_status loss_ce_and_dice_finish(const loss_ce_and_dice *accumulator,
                                    loss_classes_result *result);

// Writes the result over the valid pixels, whether others were rejected or not.
//
// LOSS_STATUS_NO_PIXELS or LOSS_STATUS_NO_VALID_PIXELS if there are none; LOSS_STATUS_SATURATED if a term of the loss is larger than the largest
// float.
loss_status loss_ce_and_dice_finish_valid(const loss_ce_and_dice *accumulator,
                                          loss_classes_result *result);

// Makes `gradient` ready for a second pass: `upstream` (1, or what follows the loss in a chain rule; at most 3.4e38 in magnitude) times the
// slope of the loss over the valid pixels so far. It holds what it needs: the accumulator may go.
//
// LOSS_STATUS_COEFFICIENT if `upstream` is larger or no number; LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or
// LOSS_STATUS_SATURATED.
loss_status loss_ce_and_dice_gradient_init(const loss_ce_and_dice *accumulator, double upstream, loss_ce_and_dice_gradient *gradient);

// Writes the slopes of the loss by each of a pixel's logits, as many as there are classes: finite numbers, and 0 if the pixel is ignored or
// out of range. `slopes` may be `logits`.
loss_status loss_ce_and_dice_gradient_at(const loss_ce_and_dice_gradient *gradient,
                                         const float *logits,
                                         int32_t label,
                                         float weight,
                                         float *slopes);

// Writes the slopes by the logits of a row of `length` pixels, in their order. `weights` may be NULL: all are 1. LOSS_STATUS_OVERLAP if
// `slopes` have memory in common with an input.
loss_status loss_ce_and_dice_gradient_row(const loss_ce_and_dice_gradient *gradient,
                                          const float *logits,
                                          const uint8_t *labels,
                                          const float *weights,
                                          float *slopes,
                                          size_t length);

// Makes an accumulator ready, without pixels.
//
// LOSS_STATUS_COEFFICIENT, LOSS_STATUS_GAMMA, LOSS_STATUS_ALPHA, LOSS_STATUS_BETA, LOSS_STATUS_SMOOTH or LOSS_STATUS_THRESHOLD if a
// parameter is out of range.
loss_status loss_focal_and_tversky_init(loss_focal_and_tversky *accumulator, const loss_focal_and_tversky_parameters *parameters);

// Adds a pixel: a finite logit, a target in [0, 1] (1 is foreground), and a weight in [2^-32, 2^32], or 0: the pixel is ignored.
//
// A pixel that is out of range is left out and counted: that is no error of this function, but of the one that finishes.
loss_status loss_focal_and_tversky_push(loss_focal_and_tversky *accumulator, float logit, float target, float weight);

// Adds a pixel of weight 1: a finite logit, and whether it is foreground.
loss_status loss_focal_and_tversky_push_hard(loss_focal_and_tversky *accumulator, float logit, bool foreground);

// Adds a row of `length` pixels, with values as one pixel has. `weights` may be NULL: all are 1.
loss_status loss_focal_and_tversky_push_row(loss_focal_and_tversky *accumulator,
                                            const float *logits,
                                            const float *targets,
                                            const float *weights,
                                            size_t length);

// Adds a row of `length` pixels whose targets are bytes, 0 or 1; others are out of range. `weights` may be NULL: all are 1.
loss_status loss_focal_and_tversky_push_hard_row(loss_focal_and_tversky *accumulator,
                                                 const float *logits,
                                                 const uint8_t *targets,
                                                 const float *weights,
                                                 size_t length);

// Adds the pixels that a histogram has counted: the sums are, to the bit, those of the pixels one by one.
loss_status loss_focal_and_tversky_push_histogram(loss_focal_and_tversky *accumulator, const loss_histogram *histogram);

// Adds the pixels of `other` to those of `object`: the sums are, to the bit, those of one object that has seen all of them.
//
// LOSS_STATUS_OTHER_LOSS if the two were not made ready with equal parameters; LOSS_STATUS_OVERLAP if they are one.
loss_status loss_focal_and_tversky_merge(loss_focal_and_tversky *object, const loss_focal_and_tversky *other);

// Forgets all pixels. The parameters stay.
loss_status loss_focal_and_tversky_reset(loss_focal_and_tversky *object);

// Writes how many pixels there were so far, and what became of them.
loss_status loss_focal_and_tversky_counts(const loss_focal_and_tversky *object, loss_counts *counts);

// Writes the sums as `length` integers: as many as the constant or function whose name ends in STATE or state_length says,
// else LOSS_STATUS_LENGTH.
//
// States add: the element-wise sum of up to 2^20 of them is a state of all their pixels. A state holds no parameters: send the
// fingerprint and LOSS_STATE_VERSION beside it.
loss_status loss_focal_and_tversky_write_state(const loss_focal_and_tversky *object, int64_t *state, size_t length);

// Replaces all pixels by those of a state, or of an element-wise sum of states, of an object with equal parameters: compare
// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state has not as many integers as an object of this kind
// writes; LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is below 0. Other damage is not noticed: a message needs a checksum.
loss_status loss_focal_and_tversky_load_state(loss_focal_and_tversky *object, const int64_t *state, size_t length);

// A number that tells kind and parameters from others, the same on every machine; 0 if the object is not ready.
uint64_t loss_focal_and_tversky_fingerprint(const loss_focal_and_tversky *object);

// Writes the result, if there is a valid pixel and none was rejected; more pixels may follow.
//
// LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS, LOSS_STATUS_REJECTED otherwise; LOSS_STATUS_SATURATED if a term of the loss is larger than
// the largest float.
loss_status loss_focal_and_tversky_finish(const loss_focal_and_tversky *accumulator,
                                          loss_result *result);

// Writes the result over the valid pixels, whether others were rejected or not.
//
// LOSS_STATUS_NO_PIXELS or LOSS_STATUS_NO_VALID_PIXELS if there are none; LOSS_STATUS_SATURATED if a term of the loss is larger than the largest
// float.
loss_status loss_focal_and_tversky_finish_valid(const loss_focal_and_tversky *accumulator,
                                                loss_result *result);

// Makes `gradient` ready for a second pass: `upstream` (1, or what follows the loss in a chain rule; at most 3.4e38 in magnitude) times the
// slope of the loss over the valid pixels so far. It holds what it needs: the accumulator may go.
//
// LOSS_STATUS_COEFFICIENT if `upstream` is larger or no number; LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or
// LOSS_STATUS_SATURATED.
loss_status loss_focal_and_tversky_gradient_init(const loss_focal_and_tversky *accumulator,
                                                 double upstream,
                                                 loss_focal_and_tversky_gradient *gradient);

// Writes the slope of the loss by the logit of one pixel: a finite number, and 0 if the pixel is ignored or out of range.
loss_status loss_focal_and_tversky_gradient_at(const loss_focal_and_tversky_gradient *gradient,
                                               float logit,
                                               float target,
                                               float weight,
                                               float *slope);

// Writes the slopes by the logits of a row of `length` pixels. `weights` may be NULL: all are 1. LOSS_STATUS_OVERLAP if `slopes`
// have memory in common with an input.
loss_status loss_focal_and_tversky_gradient_row(const loss_focal_and_tversky_gradient *gradient,
                                                const float *logits,
                                                const float *targets,
                                                const float *weights,
                                                float *slopes,
                                                size_t length);

// The same for targets that are bytes, 0 or 1.
loss_status loss_focal_and_tversky_gradient_hard_row(const loss_focal_and_tversky_gradient *gradient,
                                                     const float *logits,
                                                     const uint8_t *targets,
                                                     const float *weights,
                                                     float *slopes,
                                                     size_t length);

// Makes a histogram ready, without pixels.
//
// LOSS_STATUS_SCALE unless `scale` is in [2^-64, 2^64], LOSS_STATUS_ZERO_POINT unless `zero_point` is in [-255, 255].
loss_status loss_histogram_init(loss_histogram *histogram, float scale, int32_t zero_point);

// Adds a pixel: a code, and whether it is foreground.
loss_status loss_histogram_push(loss_histogram *histogram, int8_t code, bool foreground);

// Adds a row of `length` pixels whose targets are bytes, 0 or 1; others are left out and counted.
loss_status loss_histogram_push_row(loss_histogram *histogram, const int8_t *codes, const uint8_t *targets, size_t length);

// Counts pixels that are ignored.
loss_status loss_histogram_ignore(loss_histogram *histogram, uint32_t pixels);

// Writes the logit that a code stands for: what a gradient is taken at.
loss_status loss_histogram_logit(const loss_histogram *histogram, int8_t code, float *logit);

// Adds the pixels of `other` to those of `object`: the sums are, to the bit, those of one object that has seen all of them.
//
// LOSS_STATUS_OTHER_LOSS if the two were not made ready with equal parameters; LOSS_STATUS_OVERLAP if they are one.
loss_status loss_histogram_merge(loss_histogram *object, const loss_histogram *other);

// Forgets all pixels. The parameters stay.
loss_status loss_histogram_reset(loss_histogram *object);

// Writes how many pixels there were so far, and what became of them.
loss_status loss_histogram_counts(const loss_histogram *object, loss_counts *counts);

// Writes the sums as `length` integers: as many as the constant or function whose name ends in STATE or state_length says,
// else LOSS_STATUS_LENGTH.
//
// States add: the element-wise sum of up to 2^20 of them is a state of all their pixels. A state holds no parameters: send the
// fingerprint and LOSS_STATE_VERSION beside it.
loss_status loss_histogram_write_state(const loss_histogram *object, int64_t *state, size_t length);

// Replaces all pixels by those of a state, or of an element-wise sum of states, of an object with equal parameters: compare
// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state has not as many integers as an object of this kind
// writes; LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is below 0. Other damage is not noticed: a message needs a checksum.
loss_status loss_histogram_load_state(loss_histogram *object, const int64_t *state, size_t length);

// A number that tells kind and parameters from others, the same on every machine; 0 if the object is not ready.
uint64_t loss_histogram_fingerprint(const loss_histogram *object);

// Binary cross-entropy; pos_weight, at least 0, weighs the foreground term (1: none). `reduction` is a loss_reduction.
loss_status loss_term_bce(loss_term *term, double coefficient, uint32_t reduction, float pos_weight);

// Focal loss: gamma at least 0; alpha in [0, 1] weighs foreground, 1 - alpha background (NAN: neither). `reduction` is a loss_reduction.
loss_status loss_term_focal(loss_term *term, double coefficient, uint32_t reduction, float gamma, float alpha);

// Poly-1 loss: epsilon at least -1. `reduction` is a loss_reduction.
loss_status loss_term_poly1(loss_term *term, double coefficient, uint32_t reduction, float epsilon);

// Asymmetric focal loss: delta in [0, 1] weighs foreground, gamma at least 0 fades background. `reduction` is a loss_reduction.
loss_status loss_term_asymmetric_focal(loss_term *term, double coefficient, uint32_t reduction, float delta, float gamma);

// Exponential logarithmic cross-entropy: gamma above 0 and at most 16. `reduction` is a loss_reduction.
loss_status loss_term_exponential_log_cross_entropy(loss_term *term, double coefficient, uint32_t reduction, float gamma);

// Generalised cross-entropy: q in [2^-24, 1]. `reduction` is a loss_reduction.
loss_status loss_term_generalised_cross_entropy(loss_term *term, double coefficient, uint32_t reduction, float q);

// Quality focal loss: beta at least 0. `reduction` is a loss_reduction.
loss_status loss_term_quality_focal(loss_term *term, double coefficient, uint32_t reduction, float beta);

// Reduced focal loss: gamma at least 0; threshold between 0 and 1. `reduction` is a loss_reduction.
loss_status loss_term_reduced_focal(loss_term *term, double coefficient, uint32_t reduction, float gamma, float threshold);

// Dice loss: smooth at least 0.
loss_status loss_term_dice(loss_term *term, double coefficient, double smooth);

// IoU (Jaccard) loss: smooth at least 0.
loss_status loss_term_iou(loss_term *term, double coefficient, double smooth);

// Tversky loss: alpha weighs false positives, beta false negatives, each at least 0; smooth at least 0.
loss_status loss_term_tversky(loss_term *term, double coefficient, double alpha, double beta, double smooth);

// Focal Tversky loss, (Tversky loss)^gamma: gamma above 0 and at most 1000, the others as of the Tversky loss.
loss_status loss_term_focal_tversky(loss_term *term, double coefficient, double alpha, double beta, double gamma, double smooth);

// Logarithm of Dice: smooth at least 0.
loss_status loss_term_log_dice(loss_term *term, double coefficient, double smooth);

// ln cosh of the Dice loss: smooth at least 0.
loss_status loss_term_log_cosh_dice(loss_term *term, double coefficient, double smooth);

// Exponential logarithmic Dice loss: gamma above 0 and at most 16; smooth at least 0.
loss_status loss_term_exponential_log_dice(loss_term *term, double coefficient, double gamma, double smooth);

// 1 - Matthews correlation coefficient: smooth at least 0.
loss_status loss_term_mcc(loss_term *term, double coefficient, double smooth);

// Asymmetric focal Tversky loss: delta in [0, 1]; gamma at least 0 and below 1; smooth at least 0.
loss_status loss_term_asymmetric_focal_tversky(loss_term *term, double coefficient, double delta, double gamma, double smooth);

// Balanced cross-entropy: each class weighs as much as the other has pixels. `reduction` is a loss_reduction.
loss_status loss_term_balanced_bce(loss_term *term, double coefficient, uint32_t reduction);

// Normalised focal loss: gamma at least 0; alpha as of the focal loss.
loss_status loss_term_normalised_focal(loss_term *term, double coefficient, float gamma, float alpha);

// Chooses the form of the overlap, a loss_overlap, of a ready term: dice, iou, tversky, focal_tversky, log_dice, log_cosh_dice or
// exponential_log_dice. At first it is LOSS_OVERLAP_PRODUCT. LOSS_STATUS_OPTION if there is no such form, or the term has none.
loss_status loss_term_set_overlap(loss_term *term, uint32_t overlap);

// Chooses what a mask without foreground counts for, a loss_empty_mask, of a ready term that has a form of overlap or is an
// asymmetric_focal_tversky. At first it is LOSS_EMPTY_MASK_FORMULA. LOSS_STATUS_OPTION if there is no such choice, or the term has none.
loss_status loss_term_set_empty_mask(loss_term *term, uint32_t empty_mask);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LOSS_H */
