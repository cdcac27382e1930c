//! RS1024, the checksum of a share: three words, which find any error in up to three words.
//!
//! Floor 1. Source: SLIP-39, "Checksum".

const GENERATORS: [u32; 10] = [
    0x00e0_e040,
    0x01c1_c080,
    0x0383_8100,
    0x0707_0200,
    0x0e0e_0009,
    0x1c0c_2412,
    0x3808_6c24,
    0x3090_fc48,
    0x21b1_f890,
    0x03f3_f120,
];

/// The three words that follow `data`.
pub(super) fn checksum(extendable: bool, data: &[u16]) -> [u16; 3] {
    let value = polymod(extendable, data.iter().copied().chain([0; 3])) ^ 1;
    [20, 10, 0].map(|shift| u16::try_from((value >> shift) & 1023).unwrap_or(0))
}

/// Whether `words` end in their checksum.
pub(super) fn holds(extendable: bool, words: &[u16]) -> bool {
    polymod(extendable, words.iter().copied()) == 1
}

fn polymod(extendable: bool, words: impl Iterator<Item = u16>) -> u32 {
    let purpose: &[u8] = if extendable { b"shamir_extendable" } else { b"shamir" };
    let all = purpose.iter().map(|byte| u32::from(*byte)).chain(words.map(u32::from));
    all.fold(1, |sum, word| {
        let next = ((sum & 0x000f_ffff) << 10) ^ word;
        let high = sum >> 20;
        let applied = GENERATORS.iter().enumerate().filter(|(bit, _)| (high >> bit) & 1 == 1);
        applied.fold(next, |next, (_, generator)| next ^ generator)
    })
}
