// A device: it sums pixels with the C interface, and prints the state of each kind of accumulator with its fingerprint.
#include <inttypes.h>
#include <stdio.h>

#include "loss.h"

enum { PIXELS = 6 };
static const float logits[PIXELS] = {-3.0f, 2.5f, 0.25f, 40.0f, -0.5f, 7.0f};
static const uint8_t mask[PIXELS] = {0, 1, 0, 1, 1, 0};

static void print(const char *name, uint64_t fingerprint, const int64_t *state, size_t length) {
    printf("%s %d %016" PRIx64, name, LOSS_STATE_VERSION, fingerprint);
    for (size_t i = 0; i < length; i++) printf(" %" PRId64, state[i]);
    printf("\n");
}

int main(void) {
    const loss_bce_and_dice_parameters parameters = {
        .bce = 1.0, .pos_weight = 1.0f, .dice = 1.0, .smooth = 1e-5, .threshold = 0.5};
    static loss_bce_and_dice sums;
    static loss_bce_and_dice_counting counting;
    int64_t state[LOSS_BCE_AND_DICE_STATE], counts[LOSS_BCE_AND_DICE_COUNTING_STATE];

    loss_status status = loss_bce_and_dice_init(&sums, &parameters);
    if (status == LOSS_STATUS_OK) status = loss_bce_and_dice_push_hard_row(&sums, logits, mask, NULL, PIXELS);
    if (status == LOSS_STATUS_OK) status = loss_bce_and_dice_write_state(&sums, state, LOSS_BCE_AND_DICE_STATE);
    if (status == LOSS_STATUS_OK)
        print("accumulator", loss_bce_and_dice_fingerprint(&sums), state, LOSS_BCE_AND_DICE_STATE);

    if (status == LOSS_STATUS_OK) status = loss_bce_and_dice_counting_init(&counting, &parameters);
    if (status == LOSS_STATUS_OK)
        status = loss_bce_and_dice_counting_push_hard_row(&counting, logits, mask, NULL, PIXELS);
    if (status == LOSS_STATUS_OK)
        status = loss_bce_and_dice_counting_write_state(&counting, counts, LOSS_BCE_AND_DICE_COUNTING_STATE);
    if (status == LOSS_STATUS_OK)
        print("counting", loss_bce_and_dice_counting_fingerprint(&counting), counts, LOSS_BCE_AND_DICE_COUNTING_STATE);

    if (status != LOSS_STATUS_OK) fprintf(stderr, "%s\n", loss_status_message(status));
    return status != LOSS_STATUS_OK;
}
