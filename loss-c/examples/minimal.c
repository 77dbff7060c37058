#include <stdio.h>

#include "loss.h"

enum { WIDTH = 8, HEIGHT = 4 };
static const float logits[HEIGHT][WIDTH] = {{-3, -2, 1, 4}, {-1, 2, 3, 3}, {-4, 1, 2}, {-2}};
static const uint8_t mask[HEIGHT][WIDTH] = {{0, 0, 1, 1}, {0, 1, 1, 1}, {0, 0, 1}, {0}};

int main(void) {
    static loss_bce_and_dice_counting sums; // 208 bytes
    static loss_bce_and_dice_gradient gradient; // 80 bytes
    static float slopes[WIDTH];
    loss_result result;
    const loss_bce_and_dice_parameters parameters = {
        .bce = 1.0, .pos_weight = 1.0f, .dice = 1.0, .smooth = 1e-5, .threshold = 0.5};

    loss_status status = loss_bce_and_dice_counting_init(&sums, &parameters);
    for (int y = 0; y < HEIGHT && status == LOSS_STATUS_OK; y++) // a row as it comes from the camera
        status = loss_bce_and_dice_counting_push_hard_row(&sums, logits[y], mask[y], NULL, WIDTH);
    if (status == LOSS_STATUS_OK) status = loss_bce_and_dice_counting_finish(&sums, &result);
    if (status == LOSS_STATUS_OK) status = loss_bce_and_dice_counting_gradient_init(&sums, 1.0, &gradient);
    if (status == LOSS_STATUS_OK)
        status = loss_bce_and_dice_gradient_hard_row(&gradient, logits[1], mask[1], NULL, slopes, WIDTH);
    if (status != LOSS_STATUS_OK) {
        printf("%s\n", loss_status_message(status));
        return 1;
    }
    printf("%.0f of %.0f pixels of foreground found, loss %.6f, its slope by a logit %.6f\n", result.hard.true_positive,
           result.hard.true_positive + result.hard.false_negative, result.value, slopes[2]);
    return 0;
}
