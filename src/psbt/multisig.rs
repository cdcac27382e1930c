//! The one form of multisig script that is finished here.
//!
//! Floor 1.

use bitcoin::{
    opcodes::all::OP_CHECKMULTISIG,
    script::{Instruction, Script},
};

use crate::limits;

/// Takes `m key… n CHECKMULTISIG` with compressed keys apart, and nothing that differs from it by a byte.
pub(super) fn multisig(script: &Script) -> Option<(usize, Vec<&[u8]>)> {
    let mut numbers = Vec::new();
    let mut keys = Vec::new();
    let mut end = false;
    for instruction in script.instructions_minimal() {
        if end {
            return None;
        }
        match instruction.ok()? {
            Instruction::PushBytes(push) if push.len() == 33 && numbers.len() == 1 => keys.push(push.as_bytes()),
            // A number above 16 is pushed as a byte.
            Instruction::PushBytes(push) if push.len() == 1 && numbers.len() == 1 => {
                numbers.push(push.as_bytes().first().copied()?);
            }
            Instruction::Op(op) if op == OP_CHECKMULTISIG && numbers.len() == 2 => end = true,
            Instruction::Op(op) if numbers.len() < 2 => {
                numbers.push(op.to_u8().checked_sub(0x50).filter(|n| (1..=16).contains(n))?);
            }
            Instruction::PushBytes(_) | Instruction::Op(_) => return None,
        }
    }
    let [need, count] = numbers.as_slice() else { return None };
    let need = usize::from(*need);
    let fits = end && usize::from(*count) == keys.len() && need <= keys.len() && keys.len() <= limits::WALLET_KEYS;
    fits.then_some((need, keys))
}
