//! States of a hundred devices, added by two servers of which neither sees one.
//!
//! ```sh
//! cargo run --release --manifest-path loss-examples/private/Cargo.toml
//! ```
//!
//! A device encodes its state as numbers of 42 bits (`loss_core::aggregation`) and shares them by Prio3SumVec of the crate `prio`: each server gets vectors that look random, and together
//! they prove that every number has 42 bits. The servers add what was proven; who gets both sums has the sum of the states, and nothing else.

use std::error::Error;

use loss_core::aggregation::{self, BITS};
use loss_core::{Bce, CountingAccumulator, Dice, Loss, Pointwise, Reduced, Sum};
use prio::vdaf::prio3::Prio3SumVec;
use prio::vdaf::{Aggregator, Client, Collector, VerifyTransition};

type Sums = CountingAccumulator<Sum<Reduced<Bce>, Dice>>;

const DEVICES: u32 = 100;
const SERVERS: u8 = 2;
/// What this use of the protocol is called: shares of another do not verify.
const CONTEXT: &[u8] = b"loss-core: BCE + Dice";
/// Near the root of 42 · 23 bits, where a proof is shortest.
const CHUNK: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let loss = Bce::new().mean() + Dice::new(1e-5)?;
    let protocol = protocol()?;
    // The servers agree on a secret; here it is a constant, so that the run can be repeated.
    let key = [7; 32];

    let (mut one_machine, mut servers) = (loss.counting_accumulator(), Servers::new(&protocol, key));
    for device in 0..DEVICES {
        let mut sums = loss.counting_accumulator();
        sums.extend(pixels(device));
        one_machine.extend(pixels(device));
        servers.receive(device, &vector(&sums)?)?;
    }
    // A device that wants to spoil the sum: a number of 43 bits.
    let mut spoiled = vector(&one_machine)?;
    spoiled[5] = 1 << BITS;
    let refused = servers.receive(DEVICES, &spoiled);

    let total = servers.total()?;
    let mut merged = loss.counting_accumulator();
    let integers: Result<Vec<i64>, _> = total.into_iter().map(|sum| aggregation::decode(sum, DEVICES)).collect();
    merged.load_state(integers?)?;
    assert!(merged == one_machine, "equal bits");
    println!("{DEVICES} devices, {SERVERS} servers, {} numbers of {BITS} bits", Sums::STATE_LENGTH);
    println!("{} bytes from a device", servers.bytes);
    println!("a number of 43 bits: {}", refused.err().map_or("accepted".into(), |error| format!("refused, {error}")));
    println!("one machine      {:016x}", one_machine.value()?.to_bits());
    println!("sum of shares    {:016x}, loss {:.6}", merged.value()?.to_bits(), merged.value()?);
    Ok(())
}

fn protocol() -> Result<Prio3SumVec, Box<dyn Error>> {
    Ok(Prio3SumVec::new_sum_vec(SERVERS, (1 << BITS) - 1, Sums::STATE_LENGTH, CHUNK)?)
}

/// The pixels of a device.
fn pixels(device: u32) -> impl Iterator<Item = (f32, bool)> {
    (device * 50..).take(50).map(|i| ((i * 7919 % 997) as f32 / 80.0 - 9.0, i * 97 % 23 == 0))
}

/// The state of a device as numbers of 42 bits.
fn vector(sums: &Sums) -> Result<Vec<u128>, Box<dyn Error>> {
    let state = sums.state::<{ Sums::STATE_LENGTH }>()?;
    Ok(state.into_iter().map(|integer| aggregation::encode(integer).map(u128::from)).collect::<Result<_, _>>()?)
}

type Share = <Prio3SumVec as prio::vdaf::Vdaf>::AggregateShare;

/// The servers and what each of them has added.
struct Servers<'a> {
    protocol: &'a Prio3SumVec,
    key: [u8; 32],
    shares: Vec<Share>,
    devices: usize,
    bytes: usize,
}

impl<'a> Servers<'a> {
    fn new(protocol: &'a Prio3SumVec, key: [u8; 32]) -> Self {
        let shares = (0..SERVERS).map(|_| protocol.aggregate_init(&())).collect();
        Self { protocol, key, shares, devices: 0, bytes: 0 }
    }

    /// A device shares its vector; the servers check the shares together, and add them if they prove what they should.
    fn receive(&mut self, device: u32, vector: &Vec<u128>) -> Result<(), Box<dyn Error>> {
        use prio::codec::Encode;
        let protocol = self.protocol;
        // A number that is used once: a server that has seen it refuses the message as a repeated one.
        let mut nonce = [0; 16];
        nonce[..4].copy_from_slice(&device.to_le_bytes());
        let (public, inputs) = protocol.shard(CONTEXT, vector, &nonce)?;
        self.bytes = public.get_encoded()?.len();
        let (mut states, mut proofs) = (Vec::new(), Vec::new());
        for (server, input) in inputs.iter().enumerate() {
            self.bytes += input.get_encoded()?.len();
            let (state, proof) = protocol.verify_init(&self.key, CONTEXT, server, &(), &nonce, &public, input)?;
            states.push(state);
            proofs.push(proof);
        }
        let message = protocol.verifier_shares_to_message(CONTEXT, &(), proofs)?;
        let mut outputs = Vec::new();
        for state in states {
            match protocol.verify_next(CONTEXT, state, message.clone())? {
                VerifyTransition::Finish(output) => outputs.push(output),
                VerifyTransition::Continue(..) => return Err("the protocol has one round".into()),
            }
        }
        for (share, output) in self.shares.iter_mut().zip(&outputs) {
            prio::vdaf::Aggregatable::accumulate(share, output)?;
        }
        self.devices += 1;
        Ok(())
    }

    /// What both have added, together.
    fn total(&self) -> Result<Vec<u128>, Box<dyn Error>> {
        Ok(self.protocol.unshard(&(), self.shares.iter().cloned(), self.devices)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One server's share says nothing: it is another with each run of a device, and no state.
    #[test]
    fn a_share_is_no_state() -> Result<(), Box<dyn Error>> {
        let loss = Bce::new().mean() + Dice::new(1e-5)?;
        let protocol = protocol()?;
        let mut sums = loss.counting_accumulator();
        sums.extend(pixels(3));
        let of_one_server = || -> Result<Vec<u8>, Box<dyn Error>> {
            use prio::codec::Encode;
            let mut servers = Servers::new(&protocol, [7; 32]);
            servers.receive(3, &vector(&sums)?)?;
            Ok(servers.shares[0].get_encoded()?)
        };
        assert_ne!(of_one_server()?, of_one_server()?);
        Ok(())
    }

    #[test]
    fn wide_numbers_are_refused_and_the_sum_stays() -> Result<(), Box<dyn Error>> {
        let loss = Bce::new().mean() + Dice::new(1e-5)?;
        let protocol = protocol()?;
        let mut servers = Servers::new(&protocol, [7; 32]);
        let mut sums = loss.counting_accumulator();
        sums.extend(pixels(9));
        let good = vector(&sums)?;
        servers.receive(0, &good)?;
        let mut bad = good.clone();
        bad[0] = 1 << BITS;
        assert!(servers.receive(1, &bad).is_err());
        assert_eq!(servers.total()?, good);
        Ok(())
    }

    #[test]
    fn it_runs() -> Result<(), Box<dyn Error>> {
        main()
    }
}
