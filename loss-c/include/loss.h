// Segmentation losses for firmware in C: exact sums over a stream of pixels, their values and their gradients.
//
// Generated from loss-c/src by cbindgen; do not edit. README.md of loss-c says how to build and to link.
//
// Nothing here allocates, blocks or keeps global state. The caller provides the memory of an object (`loss_any`, `loss_histogram` and so on), on a
// stack or static. Its size is the same on every machine. It holds no pointers, so it may be copied by assignment and needs no clean-up.
//
// Call an object's `..._init` function first, and check its status. (A loss_term is initialised by a function named after its loss.) The function
// writes a mark, by which the other functions recognise the object. Static memory, which starts as zeros, has no mark and counts as not initialised.
// An automatic variable may hold anything before, even the mark of an earlier object at the same place; using it without `..._init` is
// undefined behaviour.
//
// Every function returns a status other than LOSS_STATUS_OK, and changes nothing, in these cases: a pointer that is NULL or misaligned
// (LOSS_STATUS_NULL_POINTER, LOSS_STATUS_MISALIGNED); an object without its mark (LOSS_STATUS_NOT_INITIALISED); memory to change that overlaps
// memory read later in the call, unless the function allows it (LOSS_STATUS_OVERLAP); a length that memory cannot have (LOSS_STATUS_LENGTH); a
// parameter out of range. With length 0, a pointer may be NULL.
//
// Every function requires of its caller: a pointer that is not NULL points to memory of the size that its type and length imply. During the call no
// other thread or interrupt changes that memory, or reads it if the function changes it. An object is changed only by these functions and by
// assignment. `const` memory is only read. Outputs need not be initialised.
//
// Numbers are IEEE 754, with the floating-point unit in its default mode: rounding to nearest, subnormal numbers kept. Values and slopes are finite
// for any pixels. All values have the same bits on every machine, in C and in Rust.


#ifndef LOSS_H
#define LOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The version of the state format, which defines the meaning of each integer. Store it beside a state, with the fingerprint.
#define LOSS_STATE_VERSION 3

// The largest number of integers in the state of a loss_any; loss_any_state_length returns the number for one object.
#define LOSS_ANY_MOST_STATE 90

// The number of integers in the state of a loss_bce_and_dice.
#define LOSS_BCE_AND_DICE_STATE 41

// The number of integers in the state of a loss_bce_and_dice_counting.
#define LOSS_BCE_AND_DICE_COUNTING_STATE 23

// The largest number of classes of a loss_ce_and_dice.
#define LOSS_MOST_CLASSES 8

// The number of integers in the state of a loss_ce_and_dice, for any number of classes.
#define LOSS_CE_AND_DICE_STATE 216

// The number of integers in the state of a loss_focal_and_tversky.
#define LOSS_FOCAL_AND_TVERSKY_STATE 41

// The number of integers in the state of a loss_histogram.
#define LOSS_HISTOGRAM_STATE 514

// The largest number of terms in a loss_any.
#define LOSS_MOST_TERMS 4

// The outcome of a call. A call that does not return LOSS_STATUS_OK has changed nothing.
enum loss_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Success.
  LOSS_STATUS_OK = 0,
  // A pointer is NULL but must not be.
  LOSS_STATUS_NULL_POINTER = 1,
  // A pointer is not aligned to its type.
  LOSS_STATUS_MISALIGNED = 2,
  // The object was not initialised by its `..._init` function, or is of another kind.
  LOSS_STATUS_NOT_INITIALISED = 3,
  // Two ranges of memory overlap but must not.
  LOSS_STATUS_OVERLAP = 4,
  // A length is not the required one, or is larger than any memory.
  LOSS_STATUS_LENGTH = 5,
  // The number of terms is not 1 to LOSS_MOST_TERMS.
  LOSS_STATUS_TERM_COUNT = 6,
  // The number of classes is not 1 to LOSS_MOST_CLASSES.
  LOSS_STATUS_CLASS_COUNT = 7,
  // An option is no value of its enumeration, or the term has no such option.
  LOSS_STATUS_OPTION = 8,
  // A coefficient is not a finite number, or the magnitudes of all coefficients add up to more than 3.4e38.
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
  // The two objects have different losses.
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
  // The state holds an integer that no pixels can produce.
  LOSS_STATUS_STATE = 29,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum loss_status loss_status;
#else
typedef uint32_t loss_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The denominator of a pointwise loss.
enum loss_reduction
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The sum of the weights.
  LOSS_REDUCTION_MEAN = 0,
  // 1: the plain sum.
  LOSS_REDUCTION_SUM = 1,
  // The number of pixels; ignored ones count, rejected ones do not.
  LOSS_REDUCTION_MEAN_OVER_PIXELS = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum loss_reduction loss_reduction;
#else
typedef uint32_t loss_reduction;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The form of the overlap of a Dice, IoU or Tversky score.
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

// The loss of a mask without foreground.
enum loss_empty_mask
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The value of the formula.
  LOSS_EMPTY_MASK_FORMULA = 0,
  // 0.
  LOSS_EMPTY_MASK_ZERO = 1,
  // 1.
  LOSS_EMPTY_MASK_ONE = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum loss_empty_mask loss_empty_mask;
#else
typedef uint32_t loss_empty_mask;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The classes in the mean of a region loss.
enum loss_class_set
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // All classes.
  LOSS_CLASS_SET_EVERY = 0,
  // All classes but class 0.
  LOSS_CLASS_SET_FOREGROUND = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum loss_class_set loss_class_set;
#else
typedef uint32_t loss_class_set;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// A sum of one to LOSS_MOST_TERMS terms, chosen at run time, over a stream of pixels.
typedef struct {
  int64_t opaque[99];
} loss_any;

// A loss with its parameters and its coefficient, for use in a loss_any.
typedef struct {
  int64_t opaque[10];
} loss_term;

// The number of pixels with each code of an int8 model and each target: one increment per pixel. The logit of a code is scale * (code - zero point).
typedef struct {
  int64_t opaque[518];
} loss_histogram;

// The number of pushed pixels: valid, ignored and rejected.
typedef struct {
  // Pixels in the sums.
  int64_t valid;
  // Pixels with weight 0, or an ignored label.
  int64_t ignored;
  // Rejected: the logit is not finite.
  int64_t rejected_inputs;
  // Rejected: the target lies outside [0, 1].
  int64_t rejected_targets;
  // Rejected: the weight is neither 0 nor in [2^-32, 2^32].
  int64_t rejected_weights;
  // Rejected: the label is no class.
  int64_t rejected_labels;
} loss_counts;

// A term of a loss; it adds coefficient * value to the loss.
typedef struct {
  // The coefficient.
  double coefficient;
  // The value, before the coefficient.
  double value;
} loss_part;

// Sums of weights, by prediction and truth.
typedef struct {
  // Foreground predicted as foreground.
  double true_positive;
  // Background predicted as foreground.
  double false_positive;
  // Foreground predicted as background.
  double false_negative;
  // Background predicted as background.
  double true_negative;
} loss_confusion;

// A finished loss.
typedef struct {
  // The loss.
  double value;
  // The sum of the weights of the valid pixels.
  double weight;
  // The terms, in order; those past part_count are 0.
  loss_part parts[LOSS_MOST_TERMS];
  // The number of terms.
  uint32_t part_count;
  // The number of pixels.
  loss_counts counts;
  // The soft confusion, whose counts are sums of probabilities.
  loss_confusion soft;
  // The confusion of predictions at the threshold.
  loss_confusion hard;
} loss_result;

// The gradient of a loss_any.
typedef struct {
  int64_t opaque[57];
} loss_any_gradient;

// bce * BCE + dice * Dice over a stream of pixels, in less flash and memory than the same loss as a loss_any.
typedef struct {
  int64_t opaque[37];
} loss_bce_and_dice;

// The parameters of a loss_bce_and_dice and a loss_bce_and_dice_counting. Dice pools all pixels, as if they were one image.
typedef struct {
  // The coefficient of the mean binary cross-entropy: a finite number. The magnitudes of both coefficients add up to at most 3.4e38.
  double bce;
  // The weight of the foreground term of BCE, finite and at least 0; 1 for none.
  float pos_weight;
  // The coefficient of the Dice loss: a finite number. The magnitudes of both coefficients add up to at most 3.4e38.
  double dice;
  // The smoothing of Dice, above and below the fraction bar, finite and at least 0.
  double smooth;
  // The probability from which a pixel counts as foreground in the confusion: between 0 and 1, usually 0.5. The loss does not depend on it.
  double threshold;
} loss_bce_and_dice_parameters;

// The gradient of a loss_bce_and_dice or a loss_bce_and_dice_counting.
typedef struct {
  int64_t opaque[10];
} loss_bce_and_dice_gradient;

// bce * BCE + dice * Dice over a stream of pixels with hard targets and no weights. It counts pixels instead of summing weights, so it takes less memory
// than a loss_bce_and_dice. Value and gradient have the same bits; the state differs.
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
  // A label whose pixels are ignored, such as 255, whatever their logits; -1 for none. Other labels that are no class are out of range.
  int32_t ignored_label;
  // The coefficient of the cross-entropy, a mean weighted by class: a finite number. The magnitudes of both coefficients add up to at most 3.4e38.
  double ce;
  // The class weights of the cross-entropy, each finite and at least 0; those past `classes` are not read.
  double class_weights[LOSS_MOST_CLASSES];
  // The coefficient of the Dice loss: a finite number. The magnitudes of both coefficients add up to at most 3.4e38.
  double dice;
  // The smoothing of Dice, above and below the fraction bar, finite and at least 0.
  double smooth;
  // The classes in the mean of Dice: a loss_class_set.
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
  // The number of classes.
  uint32_t class_count;
  // The number of pixels.
  loss_counts counts;
  // The soft confusion of each class against the rest; past class_count they are 0.
  loss_confusion soft[LOSS_MOST_CLASSES];
  // The confusion of predictions, the class of the largest logit; past class_count they are 0.
  loss_confusion hard[LOSS_MOST_CLASSES];
} loss_classes_result;

// The gradient of a loss_ce_and_dice.
typedef struct {
  int64_t opaque[74];
} loss_ce_and_dice_gradient;

// focal * mean focal loss + tversky * Tversky loss over a stream of pixels, in less flash and memory than the same loss as a loss_any.
typedef struct {
  int64_t opaque[46];
} loss_focal_and_tversky;

// The parameters of a loss_focal_and_tversky. Tversky pools all pixels, as if they were one image.
typedef struct {
  // The coefficient of the mean focal loss: a finite number. The magnitudes of both coefficients add up to at most 3.4e38.
  double focal;
  // The exponent of the focal loss, finite and at least 0, usually 2.
  float gamma;
  // The weight of foreground in the focal loss, in [0, 1]; background gets the rest. NAN: no weights.
  float focal_alpha;
  // The coefficient of the Tversky loss: a finite number. The magnitudes of both coefficients add up to at most 3.4e38.
  double tversky;
  // The weight of false positives, finite and at least 0.
  double alpha;
  // The weight of false negatives, finite and at least 0.
  double beta;
  // The smoothing of Tversky, above and below the fraction bar, finite and at least 0.
  double smooth;
  // The probability from which a pixel counts as foreground in the confusion: between 0 and 1, usually 0.5. The loss does not depend on it.
  double threshold;
} loss_focal_and_tversky_parameters;

// The gradient of a loss_focal_and_tversky.
typedef struct {
  int64_t opaque[19];
} loss_focal_and_tversky_gradient;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Returns the meaning of a status and what to do, as a text that is never NULL and need not be freed.
const char *loss_status_message(uint32_t status);

// Initialises an accumulator without pixels for the sum of `count` initialised terms, 1 to LOSS_MOST_TERMS. It copies the terms. All pixels are
// pooled, as if they were one image. A pixel counts as foreground in the confusion from the probability `threshold` on: between 0 and 1, usually 0.5.
// The loss does not depend on it.
//
// LOSS_STATUS_TERM_COUNT; LOSS_STATUS_NOT_INITIALISED for a term; LOSS_STATUS_COEFFICIENT if the coefficients of all terms together are too large;
// LOSS_STATUS_THRESHOLD.
// LOSS_STATUS_THRESHOLD.
loss_status loss_any_init(loss_any *accumulator,
                          const loss_term *terms,
                          size_t count,
                          double threshold);

// Adds a pixel: a finite logit, a target in [0, 1] (1 is foreground), and a weight in [2^-32, 2^32], or 0 to ignore the pixel.
//
// A pixel out of range is left out and counted. This function returns no error for it; the one that finishes does.
loss_status loss_any_push(loss_any *accumulator, float logit, float target, float weight);

// Adds a pixel of weight 1: a finite logit, and whether it is foreground.
loss_status loss_any_push_hard(loss_any *accumulator, float logit, bool foreground);

// Adds a row of `length` pixels, in the ranges of a single pixel. `weights` may be NULL: all are 1.
loss_status loss_any_push_row(loss_any *accumulator, const float *logits, const float *targets, const float *weights, size_t length);

// Adds a row of `length` pixels. Targets are bytes, 0 or 1; other targets are out of range. `weights` may be NULL: all are 1.
loss_status loss_any_push_hard_row(loss_any *accumulator, const float *logits, const uint8_t *targets, const float *weights, size_t length);

// Adds the pixels that a histogram has counted. The sums equal, to the bit, those of the pixels one by one.
loss_status loss_any_push_histogram(loss_any *accumulator, const loss_histogram *histogram);

// Adds the pixels of `other` to those of `object`. The sums equal, to the bit, those of one object that has seen all of them.
//
// LOSS_STATUS_OTHER_LOSS if the two were initialised with different parameters; LOSS_STATUS_OVERLAP if they are the same object.
loss_status loss_any_merge(loss_any *object, const loss_any *other);

// Forgets all pixels and keeps the parameters.
loss_status loss_any_reset(loss_any *object);

// Writes the number of pixels so far: valid, ignored and rejected.
loss_status loss_any_counts(const loss_any *object, loss_counts *counts);

// Writes the sums as `length` integers. `length` must equal the constant or function whose name ends in STATE or state_length,
// otherwise LOSS_STATUS_LENGTH.
//
// States add: the element-wise sum of up to 2^20 states is a state of all their pixels. A state holds no parameters: send the
// fingerprint and LOSS_STATE_VERSION with it.
loss_status loss_any_write_state(const loss_any *object, int64_t *state, size_t length);

// Replaces all pixels by those of a state of an object with equal parameters, or of an element-wise sum of such states. Compare
// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state does not have the number of integers of this kind of object;
// LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is negative; LOSS_STATUS_STATE if no pixels can produce one of the integers. Other damage is
// not detected, so a message needs a checksum.
loss_status loss_any_load_state(loss_any *object,
                                const int64_t *state,
                                size_t length);

// Returns a hash of the kind of object and its parameters, equal on every machine; 0 if the object is not initialised.
uint64_t loss_any_fingerprint(const loss_any *object);

// Writes the result if there is a valid pixel and none was rejected. More pixels may follow.
//
// Otherwise LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or LOSS_STATUS_REJECTED; LOSS_STATUS_SATURATED if a term of the loss is larger than
// the largest float.
loss_status loss_any_finish(const loss_any *accumulator,
                            loss_result *result);

// Writes the result over the valid pixels, even if others were rejected.
//
// LOSS_STATUS_NO_PIXELS or LOSS_STATUS_NO_VALID_PIXELS if there are none; LOSS_STATUS_SATURATED if a term of the loss is larger than the largest
// float.
loss_status loss_any_finish_valid(const loss_any *accumulator,
                                  loss_result *result);

// Initialises `gradient` for a second pass: `upstream` times the slope of the loss over the valid pixels so far. `upstream` is 1, or the derivative that
// follows the loss in a chain rule; at most 3.4e38 in magnitude. The gradient needs the accumulator no more.
//
// LOSS_STATUS_COEFFICIENT if `upstream` is larger or NaN; LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or
// LOSS_STATUS_SATURATED.
loss_status loss_any_gradient_init(const loss_any *accumulator,
                                   double upstream,
                                   loss_any_gradient *gradient);

// Writes the slope of the loss by the logit of one pixel: a finite number, 0 if the pixel is ignored or out of range.
loss_status loss_any_gradient_at(const loss_any_gradient *gradient, float logit, float target, float weight, float *slope);

// Writes the slopes by the logits of a row of `length` pixels. `weights` may be NULL: all are 1. LOSS_STATUS_OVERLAP if `slopes`
// overlaps an input.
loss_status loss_any_gradient_row(const loss_any_gradient *gradient,
                                  const float *logits,
                                  const float *targets,
                                  const float *weights,
                                  float *slopes,
                                  size_t length);

// Writes the slopes by the logits of a row of `length` pixels whose targets are bytes, 0 or 1. `weights` may be NULL: all are 1.
// LOSS_STATUS_OVERLAP if `slopes` overlaps an input.
loss_status loss_any_gradient_hard_row(const loss_any_gradient *gradient,
                                       const float *logits,
                                       const uint8_t *targets,
                                       const float *weights,
                                       float *slopes,
                                       size_t length);

// Returns the number of integers in the state, at most LOSS_ANY_MOST_STATE; 0 if the accumulator is not initialised.
size_t loss_any_state_length(const loss_any *accumulator);

// Initialises an accumulator without pixels.
//
// LOSS_STATUS_COEFFICIENT, LOSS_STATUS_POS_WEIGHT, LOSS_STATUS_SMOOTH or LOSS_STATUS_THRESHOLD if a parameter is out of range.
loss_status loss_bce_and_dice_init(loss_bce_and_dice *accumulator, const loss_bce_and_dice_parameters *parameters);

// Adds a pixel: a finite logit, a target in [0, 1] (1 is foreground), and a weight in [2^-32, 2^32], or 0 to ignore the pixel.
//
// A pixel out of range is left out and counted. This function returns no error for it; the one that finishes does.
loss_status loss_bce_and_dice_push(loss_bce_and_dice *accumulator, float logit, float target, float weight);

// Adds a pixel of weight 1: a finite logit, and whether it is foreground.
loss_status loss_bce_and_dice_push_hard(loss_bce_and_dice *accumulator, float logit, bool foreground);

// Adds a row of `length` pixels, in the ranges of a single pixel. `weights` may be NULL: all are 1.
loss_status loss_bce_and_dice_push_row(loss_bce_and_dice *accumulator,
                                       const float *logits,
                                       const float *targets,
                                       const float *weights,
                                       size_t length);

// Adds a row of `length` pixels. Targets are bytes, 0 or 1; other targets are out of range. `weights` may be NULL: all are 1.
loss_status loss_bce_and_dice_push_hard_row(loss_bce_and_dice *accumulator,
                                            const float *logits,
                                            const uint8_t *targets,
                                            const float *weights,
                                            size_t length);

// Adds the pixels that a histogram has counted. The sums equal, to the bit, those of the pixels one by one.
loss_status loss_bce_and_dice_push_histogram(loss_bce_and_dice *accumulator, const loss_histogram *histogram);

// Adds the pixels of `other` to those of `object`. The sums equal, to the bit, those of one object that has seen all of them.
//
// LOSS_STATUS_OTHER_LOSS if the two were initialised with different parameters; LOSS_STATUS_OVERLAP if they are the same object.
loss_status loss_bce_and_dice_merge(loss_bce_and_dice *object, const loss_bce_and_dice *other);

// Forgets all pixels and keeps the parameters.
loss_status loss_bce_and_dice_reset(loss_bce_and_dice *object);

// Writes the number of pixels so far: valid, ignored and rejected.
loss_status loss_bce_and_dice_counts(const loss_bce_and_dice *object, loss_counts *counts);

// Writes the sums as `length` integers. `length` must equal the constant or function whose name ends in STATE or state_length,
// otherwise LOSS_STATUS_LENGTH.
//
// States add: the element-wise sum of up to 2^20 states is a state of all their pixels. A state holds no parameters: send the
// fingerprint and LOSS_STATE_VERSION with it.
loss_status loss_bce_and_dice_write_state(const loss_bce_and_dice *object, int64_t *state, size_t length);

// Replaces all pixels by those of a state of an object with equal parameters, or of an element-wise sum of such states. Compare
// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state does not have the number of integers of this kind of object;
// LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is negative; LOSS_STATUS_STATE if no pixels can produce one of the integers. Other damage is
// not detected, so a message needs a checksum.
loss_status loss_bce_and_dice_load_state(loss_bce_and_dice *object,
                                         const int64_t *state,
                                         size_t length);

// Returns a hash of the kind of object and its parameters, equal on every machine; 0 if the object is not initialised.
uint64_t loss_bce_and_dice_fingerprint(const loss_bce_and_dice *object);

// Writes the result if there is a valid pixel and none was rejected. More pixels may follow.
//
// Otherwise LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or LOSS_STATUS_REJECTED; LOSS_STATUS_SATURATED if a term of the loss is larger than
// the largest float.
loss_status loss_bce_and_dice_finish(const loss_bce_and_dice *accumulator,
                                     loss_result *result);

// Writes the result over the valid pixels, even if others were rejected.
//
// LOSS_STATUS_NO_PIXELS or LOSS_STATUS_NO_VALID_PIXELS if there are none; LOSS_STATUS_SATURATED if a term of the loss is larger than the largest
// float.
loss_status loss_bce_and_dice_finish_valid(const loss_bce_and_dice *accumulator,
                                           loss_result *result);

// Initialises `gradient` for a second pass: `upstream` times the slope of the loss over the valid pixels so far. `upstream` is 1, or the derivative that
// follows the loss in a chain rule; at most 3.4e38 in magnitude. The gradient needs the accumulator no more.
//
// LOSS_STATUS_COEFFICIENT if `upstream` is larger or NaN; LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or
// LOSS_STATUS_SATURATED.
loss_status loss_bce_and_dice_gradient_init(const loss_bce_and_dice *accumulator,
                                            double upstream,
                                            loss_bce_and_dice_gradient *gradient);

// Writes the slope of the loss by the logit of one pixel: a finite number, 0 if the pixel is ignored or out of range.
loss_status loss_bce_and_dice_gradient_at(const loss_bce_and_dice_gradient *gradient,
                                          float logit,
                                          float target,
                                          float weight,
                                          float *slope);

// Writes the slopes by the logits of a row of `length` pixels. `weights` may be NULL: all are 1. LOSS_STATUS_OVERLAP if `slopes`
// overlaps an input.
loss_status loss_bce_and_dice_gradient_row(const loss_bce_and_dice_gradient *gradient,
                                           const float *logits,
                                           const float *targets,
                                           const float *weights,
                                           float *slopes,
                                           size_t length);

// Writes the slopes by the logits of a row of `length` pixels whose targets are bytes, 0 or 1. `weights` may be NULL: all are 1.
// LOSS_STATUS_OVERLAP if `slopes` overlaps an input.
loss_status loss_bce_and_dice_gradient_hard_row(const loss_bce_and_dice_gradient *gradient,
                                                const float *logits,
                                                const uint8_t *targets,
                                                const float *weights,
                                                float *slopes,
                                                size_t length);

// Initialises a counting accumulator without pixels.
//
// LOSS_STATUS_COEFFICIENT, LOSS_STATUS_POS_WEIGHT, LOSS_STATUS_SMOOTH or LOSS_STATUS_THRESHOLD if a parameter is out of range.
loss_status loss_bce_and_dice_counting_init(loss_bce_and_dice_counting *accumulator, const loss_bce_and_dice_parameters *parameters);

// Adds a pixel: a finite logit, and whether it is foreground.
//
// A pixel out of range is left out and counted. This function returns no error for it; the one that finishes does.
loss_status loss_bce_and_dice_counting_push_hard(loss_bce_and_dice_counting *accumulator, float logit, bool foreground);

// Adds a row of `length` pixels. Targets are bytes, 0 or 1; other targets are out of range. `valid` may be NULL; otherwise it has a byte for each
// pixel, and pixels whose byte is 0 are ignored.
loss_status loss_bce_and_dice_counting_push_hard_row(loss_bce_and_dice_counting *accumulator,
                                                     const float *logits,
                                                     const uint8_t *targets,
                                                     const uint8_t *valid,
                                                     size_t length);

// Adds the pixels of `other` to those of `object`. The sums equal, to the bit, those of one object that has seen all of them.
//
// LOSS_STATUS_OTHER_LOSS if the two were initialised with different parameters; LOSS_STATUS_OVERLAP if they are the same object.
loss_status loss_bce_and_dice_counting_merge(loss_bce_and_dice_counting *object, const loss_bce_and_dice_counting *other);

// Forgets all pixels and keeps the parameters.
loss_status loss_bce_and_dice_counting_reset(loss_bce_and_dice_counting *object);

// Writes the number of pixels so far: valid, ignored and rejected.
loss_status loss_bce_and_dice_counting_counts(const loss_bce_and_dice_counting *object, loss_counts *counts);

// Writes the sums as `length` integers. `length` must equal the constant or function whose name ends in STATE or state_length,
// otherwise LOSS_STATUS_LENGTH.
//
// States add: the element-wise sum of up to 2^20 states is a state of all their pixels. A state holds no parameters: send the
// fingerprint and LOSS_STATE_VERSION with it.
loss_status loss_bce_and_dice_counting_write_state(const loss_bce_and_dice_counting *object, int64_t *state, size_t length);

// Replaces all pixels by those of a state of an object with equal parameters, or of an element-wise sum of such states. Compare
// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state does not have the number of integers of this kind of object;
// LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is negative; LOSS_STATUS_STATE if no pixels can produce one of the integers. Other damage is
// not detected, so a message needs a checksum.
loss_status loss_bce_and_dice_counting_load_state(loss_bce_and_dice_counting *object,
                                                  const int64_t *state,
                                                  size_t length);

// Returns a hash of the kind of object and its parameters, equal on every machine; 0 if the object is not initialised.
uint64_t loss_bce_and_dice_counting_fingerprint(const loss_bce_and_dice_counting *object);

// Writes the result if there is a valid pixel and none was rejected. More pixels may follow.
//
// Otherwise LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or LOSS_STATUS_REJECTED; LOSS_STATUS_SATURATED if a term of the loss is larger than
// the largest float.
loss_status loss_bce_and_dice_counting_finish(const loss_bce_and_dice_counting *accumulator,
                                              loss_result *result);

// Writes the result over the valid pixels, even if others were rejected.
//
// LOSS_STATUS_NO_PIXELS or LOSS_STATUS_NO_VALID_PIXELS if there are none; LOSS_STATUS_SATURATED if a term of the loss is larger than the largest
// float.
loss_status loss_bce_and_dice_counting_finish_valid(const loss_bce_and_dice_counting *accumulator,
                                                    loss_result *result);

// Initialises `gradient` for a second pass: `upstream` times the slope of the loss over the valid pixels so far. `upstream` is 1, or the derivative that
// follows the loss in a chain rule; at most 3.4e38 in magnitude. The gradient needs the accumulator no more.
//
// LOSS_STATUS_COEFFICIENT if `upstream` is larger or NaN; LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or
// LOSS_STATUS_SATURATED.
loss_status loss_bce_and_dice_counting_gradient_init(const loss_bce_and_dice_counting *accumulator,
                                                     double upstream,
                                                     loss_bce_and_dice_gradient *gradient);

// Initialises an accumulator without pixels.
//
// LOSS_STATUS_CLASS_COUNT, LOSS_STATUS_COEFFICIENT, LOSS_STATUS_CLASS_WEIGHT, LOSS_STATUS_SMOOTH or LOSS_STATUS_OPTION (`dice_classes`) if a
// parameter is out of range.
loss_status loss_ce_and_dice_init(loss_ce_and_dice *accumulator,
                                  const loss_ce_and_dice_parameters *parameters);

// Adds a pixel: a finite logit for each class, the label of its class, counted from 0, and a weight in [2^-32, 2^32], or 0 to ignore the pixel.
//
// A pixel out of range is left out and counted. This function returns no error for it; the one that finishes does.
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

// Adds the pixels of `other` to those of `object`. The sums equal, to the bit, those of one object that has seen all of them.
//
// LOSS_STATUS_OTHER_LOSS if the two were initialised with different parameters; LOSS_STATUS_OVERLAP if they are the same object.
loss_status loss_ce_and_dice_merge(loss_ce_and_dice *object, const loss_ce_and_dice *other);

// Forgets all pixels and keeps the parameters.
loss_status loss_ce_and_dice_reset(loss_ce_and_dice *object);

// Writes the number of pixels so far: valid, ignored and rejected.
loss_status loss_ce_and_dice_counts(const loss_ce_and_dice *object, loss_counts *counts);

// Writes the sums as `length` integers. `length` must equal the constant or function whose name ends in STATE or state_length,
// otherwise LOSS_STATUS_LENGTH.
//
// States add: the element-wise sum of up to 2^20 states is a state of all their pixels. A state holds no parameters: send the
// fingerprint and LOSS_STATE_VERSION with it.
loss_status loss_ce_and_dice_write_state(const loss_ce_and_dice *object, int64_t *state, size_t length);

// Replaces all pixels by those of a state of an object with equal parameters, or of an element-wise sum of such states. Compare
// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state does not have the number of integers of this kind of object;
// LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is negative; LOSS_STATUS_STATE if no pixels can produce one of the integers. Other damage is
// not detected, so a message needs a checksum.
loss_status loss_ce_and_dice_load_state(loss_ce_and_dice *object,
                                        const int64_t *state,
                                        size_t length);

// Returns a hash of the kind of object and its parameters, equal on every machine; 0 if the object is not initialised.
uint64_t loss_ce_and_dice_fingerprint(const loss_ce_and_dice *object);

// Writes the result if there is a valid pixel and none was rejected. More pixels may follow.
//
// Otherwise LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or LOSS_STATUS_REJECTED; LOSS_STATUS_SATURATED if a term of the loss is larger than
// the largest float.
loss_status loss_ce_and_dice_finish(const loss_ce_and_dice *accumulator,
                                    loss_classes_result *result);

// Writes the result over the valid pixels, even if others were rejected.
//
// LOSS_STATUS_NO_PIXELS or LOSS_STATUS_NO_VALID_PIXELS if there are none; LOSS_STATUS_SATURATED if a term of the loss is larger than the largest
// float.
loss_status loss_ce_and_dice_finish_valid(const loss_ce_and_dice *accumulator,
                                          loss_classes_result *result);

// Initialises `gradient` for a second pass: `upstream` times the slope of the loss over the valid pixels so far. `upstream` is 1, or the derivative that
// follows the loss in a chain rule; at most 3.4e38 in magnitude. The gradient needs the accumulator no more.
//
// LOSS_STATUS_COEFFICIENT if `upstream` is larger or NaN; LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or
// LOSS_STATUS_SATURATED.
loss_status loss_ce_and_dice_gradient_init(const loss_ce_and_dice *accumulator,
                                           double upstream,
                                           loss_ce_and_dice_gradient *gradient);

// Writes the slopes of the loss by each of a pixel's logits, one for each class: finite numbers, all 0 if the pixel is ignored or
// out of range. `slopes` may be `logits`.
loss_status loss_ce_and_dice_gradient_at(const loss_ce_and_dice_gradient *gradient,
                                         const float *logits,
                                         int32_t label,
                                         float weight,
                                         float *slopes);

// Writes the slopes by the logits of a row of `length` pixels, in the order of the logits. `weights` may be NULL: all are 1. LOSS_STATUS_OVERLAP if
// `slopes` overlaps an input.
loss_status loss_ce_and_dice_gradient_row(const loss_ce_and_dice_gradient *gradient,
                                          const float *logits,
                                          const uint8_t *labels,
                                          const float *weights,
                                          float *slopes,
                                          size_t length);

// Initialises an accumulator without pixels.
//
// LOSS_STATUS_COEFFICIENT, LOSS_STATUS_GAMMA, LOSS_STATUS_ALPHA, LOSS_STATUS_BETA, LOSS_STATUS_SMOOTH or LOSS_STATUS_THRESHOLD if a
// parameter is out of range.
loss_status loss_focal_and_tversky_init(loss_focal_and_tversky *accumulator, const loss_focal_and_tversky_parameters *parameters);

// Adds a pixel: a finite logit, a target in [0, 1] (1 is foreground), and a weight in [2^-32, 2^32], or 0 to ignore the pixel.
//
// A pixel out of range is left out and counted. This function returns no error for it; the one that finishes does.
loss_status loss_focal_and_tversky_push(loss_focal_and_tversky *accumulator, float logit, float target, float weight);

// Adds a pixel of weight 1: a finite logit, and whether it is foreground.
loss_status loss_focal_and_tversky_push_hard(loss_focal_and_tversky *accumulator, float logit, bool foreground);

// Adds a row of `length` pixels, in the ranges of a single pixel. `weights` may be NULL: all are 1.
loss_status loss_focal_and_tversky_push_row(loss_focal_and_tversky *accumulator,
                                            const float *logits,
                                            const float *targets,
                                            const float *weights,
                                            size_t length);

// Adds a row of `length` pixels. Targets are bytes, 0 or 1; other targets are out of range. `weights` may be NULL: all are 1.
loss_status loss_focal_and_tversky_push_hard_row(loss_focal_and_tversky *accumulator,
                                                 const float *logits,
                                                 const uint8_t *targets,
                                                 const float *weights,
                                                 size_t length);

// Adds the pixels that a histogram has counted. The sums equal, to the bit, those of the pixels one by one.
loss_status loss_focal_and_tversky_push_histogram(loss_focal_and_tversky *accumulator, const loss_histogram *histogram);

// Adds the pixels of `other` to those of `object`. The sums equal, to the bit, those of one object that has seen all of them.
//
// LOSS_STATUS_OTHER_LOSS if the two were initialised with different parameters; LOSS_STATUS_OVERLAP if they are the same object.
loss_status loss_focal_and_tversky_merge(loss_focal_and_tversky *object, const loss_focal_and_tversky *other);

// Forgets all pixels and keeps the parameters.
loss_status loss_focal_and_tversky_reset(loss_focal_and_tversky *object);

// Writes the number of pixels so far: valid, ignored and rejected.
loss_status loss_focal_and_tversky_counts(const loss_focal_and_tversky *object, loss_counts *counts);

// Writes the sums as `length` integers. `length` must equal the constant or function whose name ends in STATE or state_length,
// otherwise LOSS_STATUS_LENGTH.
//
// States add: the element-wise sum of up to 2^20 states is a state of all their pixels. A state holds no parameters: send the
// fingerprint and LOSS_STATE_VERSION with it.
loss_status loss_focal_and_tversky_write_state(const loss_focal_and_tversky *object, int64_t *state, size_t length);

// Replaces all pixels by those of a state of an object with equal parameters, or of an element-wise sum of such states. Compare
// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state does not have the number of integers of this kind of object;
// LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is negative; LOSS_STATUS_STATE if no pixels can produce one of the integers. Other damage is
// not detected, so a message needs a checksum.
loss_status loss_focal_and_tversky_load_state(loss_focal_and_tversky *object,
                                              const int64_t *state,
                                              size_t length);

// Returns a hash of the kind of object and its parameters, equal on every machine; 0 if the object is not initialised.
uint64_t loss_focal_and_tversky_fingerprint(const loss_focal_and_tversky *object);

// Writes the result if there is a valid pixel and none was rejected. More pixels may follow.
//
// Otherwise LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or LOSS_STATUS_REJECTED; LOSS_STATUS_SATURATED if a term of the loss is larger than
// the largest float.
loss_status loss_focal_and_tversky_finish(const loss_focal_and_tversky *accumulator,
                                          loss_result *result);

// Writes the result over the valid pixels, even if others were rejected.
//
// LOSS_STATUS_NO_PIXELS or LOSS_STATUS_NO_VALID_PIXELS if there are none; LOSS_STATUS_SATURATED if a term of the loss is larger than the largest
// float.
loss_status loss_focal_and_tversky_finish_valid(const loss_focal_and_tversky *accumulator,
                                                loss_result *result);

// Initialises `gradient` for a second pass: `upstream` times the slope of the loss over the valid pixels so far. `upstream` is 1, or the derivative that
// follows the loss in a chain rule; at most 3.4e38 in magnitude. The gradient needs the accumulator no more.
//
// LOSS_STATUS_COEFFICIENT if `upstream` is larger or NaN; LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or
// LOSS_STATUS_SATURATED.
loss_status loss_focal_and_tversky_gradient_init(const loss_focal_and_tversky *accumulator,
                                                 double upstream,
                                                 loss_focal_and_tversky_gradient *gradient);

// Writes the slope of the loss by the logit of one pixel: a finite number, 0 if the pixel is ignored or out of range.
loss_status loss_focal_and_tversky_gradient_at(const loss_focal_and_tversky_gradient *gradient,
                                               float logit,
                                               float target,
                                               float weight,
                                               float *slope);

// Writes the slopes by the logits of a row of `length` pixels. `weights` may be NULL: all are 1. LOSS_STATUS_OVERLAP if `slopes`
// overlaps an input.
loss_status loss_focal_and_tversky_gradient_row(const loss_focal_and_tversky_gradient *gradient,
                                                const float *logits,
                                                const float *targets,
                                                const float *weights,
                                                float *slopes,
                                                size_t length);

// Writes the slopes by the logits of a row of `length` pixels whose targets are bytes, 0 or 1. `weights` may be NULL: all are 1.
// LOSS_STATUS_OVERLAP if `slopes` overlaps an input.
loss_status loss_focal_and_tversky_gradient_hard_row(const loss_focal_and_tversky_gradient *gradient,
                                                     const float *logits,
                                                     const uint8_t *targets,
                                                     const float *weights,
                                                     float *slopes,
                                                     size_t length);

// Initialises a histogram without pixels.
//
// LOSS_STATUS_SCALE unless `scale` is in [2^-64, 2^64]; LOSS_STATUS_ZERO_POINT unless `zero_point` is in [-255, 255].
loss_status loss_histogram_init(loss_histogram *histogram, float scale, int32_t zero_point);

// Adds a pixel: a code, and whether it is foreground.
loss_status loss_histogram_push(loss_histogram *histogram, int8_t code, bool foreground);

// Adds a row of `length` pixels. Targets are bytes, 0 or 1; pixels with other targets are left out and counted.
loss_status loss_histogram_push_row(loss_histogram *histogram, const int8_t *codes, const uint8_t *targets, size_t length);

// Counts pixels as ignored.
loss_status loss_histogram_ignore(loss_histogram *histogram, uint32_t pixels);

// Writes the logit of a code, for use with a gradient.
loss_status loss_histogram_logit(const loss_histogram *histogram, int8_t code, float *logit);

// Adds the pixels of `other` to those of `object`. The sums equal, to the bit, those of one object that has seen all of them.
//
// LOSS_STATUS_OTHER_LOSS if the two were initialised with different parameters; LOSS_STATUS_OVERLAP if they are the same object.
loss_status loss_histogram_merge(loss_histogram *object, const loss_histogram *other);

// Forgets all pixels and keeps the parameters.
loss_status loss_histogram_reset(loss_histogram *object);

// Writes the number of pixels so far: valid, ignored and rejected.
loss_status loss_histogram_counts(const loss_histogram *object, loss_counts *counts);

// Writes the sums as `length` integers. `length` must equal the constant or function whose name ends in STATE or state_length,
// otherwise LOSS_STATUS_LENGTH.
//
// States add: the element-wise sum of up to 2^20 states is a state of all their pixels. A state holds no parameters: send the
// fingerprint and LOSS_STATE_VERSION with it.
loss_status loss_histogram_write_state(const loss_histogram *object, int64_t *state, size_t length);

// Replaces all pixels by those of a state of an object with equal parameters, or of an element-wise sum of such states. Compare
// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state does not have the number of integers of this kind of object;
// LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is negative; LOSS_STATUS_STATE if no pixels can produce one of the integers. Other damage is
// not detected, so a message needs a checksum.
loss_status loss_histogram_load_state(loss_histogram *object,
                                      const int64_t *state,
                                      size_t length);

// Returns a hash of the kind of object and its parameters, equal on every machine; 0 if the object is not initialised.
uint64_t loss_histogram_fingerprint(const loss_histogram *object);

// Binary cross-entropy: pos_weight, at least 0, weighs the foreground term (1 for none). `reduction` is a loss_reduction.
loss_status loss_term_bce(loss_term *term, double coefficient, uint32_t reduction, float pos_weight);

// Focal loss: gamma at least 0; alpha in [0, 1] weighs foreground, 1 - alpha background (NAN for no weights). `reduction` is a loss_reduction.
loss_status loss_term_focal(loss_term *term,
                            double coefficient,
                            uint32_t reduction,
                            float gamma,
                            float alpha);

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

// Focal Tversky loss, (Tversky loss)^gamma: gamma above 0 and at most 1000, the others as for the Tversky loss.
loss_status loss_term_focal_tversky(loss_term *term, double coefficient, double alpha, double beta, double gamma, double smooth);

// Log-Dice loss, the negative logarithm of the Dice score: smooth at least 0.
loss_status loss_term_log_dice(loss_term *term, double coefficient, double smooth);

// Log-cosh Dice loss, ln cosh of the Dice loss: smooth at least 0.
loss_status loss_term_log_cosh_dice(loss_term *term, double coefficient, double smooth);

// Exponential logarithmic Dice loss: gamma above 0 and at most 16; smooth at least 0.
loss_status loss_term_exponential_log_dice(loss_term *term, double coefficient, double gamma, double smooth);

// MCC loss, 1 - Matthews correlation coefficient: smooth at least 0.
loss_status loss_term_mcc(loss_term *term, double coefficient, double smooth);

// Asymmetric focal Tversky loss: delta in [0, 1]; gamma at least 0 and below 1; smooth at least 0.
loss_status loss_term_asymmetric_focal_tversky(loss_term *term, double coefficient, double delta, double gamma, double smooth);

// Balanced cross-entropy: each class is weighed by the other class's share of the pixels. `reduction` is a loss_reduction.
loss_status loss_term_balanced_bce(loss_term *term, double coefficient, uint32_t reduction);

// Normalised focal loss: gamma at least 0; alpha as for the focal loss.
loss_status loss_term_normalised_focal(loss_term *term, double coefficient, float gamma, float alpha);

// Sets the form of the overlap, a loss_overlap, of an initialised term: dice, iou, tversky, focal_tversky, log_dice, log_cosh_dice or
// exponential_log_dice. The default is LOSS_OVERLAP_PRODUCT. LOSS_STATUS_OPTION if there is no such form, or the term has no overlap.
loss_status loss_term_set_overlap(loss_term *term, uint32_t overlap);

// Sets the loss of a mask without foreground, a loss_empty_mask, of an initialised term that has an overlap or is an
// asymmetric_focal_tversky. The default is LOSS_EMPTY_MASK_FORMULA. LOSS_STATUS_OPTION if there is no such choice, or the term has none.
loss_status loss_term_set_empty_mask(loss_term *term, uint32_t empty_mask);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LOSS_H */
