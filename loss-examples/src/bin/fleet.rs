//! A hundred devices train the last layer of their network together, over a network that loses, repeats, damages and delays messages: the weights of one machine, bit for bit.
#![forbid(unsafe_code)]

use std::error::Error;

use loss_core::Loss;
use loss_examples::fleet::{
    Exchange, Gradient, Network, Pixel, Server, add_loss, first_head, gradient, loss, message, pixels, sgd,
};
use rand::SeedableRng;

const DEVICES: u32 = 100;
const STEPS: u32 = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let mut network = Network::new(rand_chacha::ChaCha8Rng::seed_from_u64(seed));
    let (loss, sgd) = (loss()?, sgd()?);
    let all: Vec<Pixel> = (0..DEVICES).flat_map(pixels).collect();
    let (mut fleet, mut one_machine) = (first_head()?, first_head()?);
    for step in 0..STEPS {
        // The fleet: states of the loss, then gradients at the loss of all.
        let layer = fleet.layer();
        let (mut states, mut gradients) = (Vec::new(), Vec::new());
        for device in 0..DEVICES {
            let mut sums = loss.counting_accumulator();
            add_loss(&mut sums, &layer, &pixels(device));
            states.push(message(Exchange::Loss(step), device, sums.fingerprint(), |to| sums.for_each_of_state(to))?);
        }
        let mut server = Server::new(Exchange::Loss(step), loss.counting_accumulator());
        network.exchange(&mut server, &states)?;
        let total = server.total;
        for device in 0..DEVICES {
            let own = gradient(&layer, &total, &pixels(device))?;
            let fingerprint = own.fingerprint();
            gradients.push(message(Exchange::Gradient(step), device, fingerprint, |to| own.for_each_of_state(to))?);
        }
        let mut server = Server::new(Exchange::Gradient(step), Gradient::new(&layer, &total));
        network.exchange(&mut server, &gradients)?;
        fleet.step(&server.total, &sgd)?;

        // One machine with all pixels.
        let mut sums = loss.counting_accumulator();
        add_loss(&mut sums, &one_machine.layer(), &all);
        let whole = gradient(&one_machine.layer(), &sums, &all)?;
        one_machine.step(&whole, &sgd)?;
        assert!(total == sums && server.total == whole && fleet == one_machine, "equal bits in step {step}");
        println!("step {step:2}: loss {:.6}, weights {:016x}", sums.value()?, fleet.layer().fingerprint());
    }
    let [sent, lost, damaged, late, repeated, merged, unconfirmed, bytes] = network.counts;
    println!("{sent} messages: {lost} lost, {damaged} damaged, {late} too late, {repeated} repeated, {merged} merged");
    println!("{unconfirmed} confirmations lost; {} bytes a message", bytes / sent);
    println!("one machine and {DEVICES} devices: equal bits in {STEPS} steps");
    Ok(())
}
