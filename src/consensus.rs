//! The network's own script rules, by Bitcoin Core's library: a second opinion on a finished transaction.
//!
//! Floor 6, beside the online half; the feature `consensus`, off in the image.

use bitcoin::{Transaction, TxOut, consensus::encode::serialize};
use bitcoinconsensus::{Utxo, VERIFY_ALL_PRE_TAPROOT, VERIFY_TAPROOT, verify_with_flags};

/// Why the network would not take the transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsensusError {
    /// As many spent outputs as inputs are needed.
    #[error("{inputs} inputs, but {spent} spent outputs are known")]
    Spent {
        /// Inputs of the transaction.
        inputs: usize,
        /// Outputs that were given.
        spent: usize,
    },
    /// An input's script says no.
    #[error("input {0}: the script does not accept the signatures")]
    Script(usize),
}

/// Runs every input's scripts under all flags, taproot included, with all spent outputs, in input order.
///
/// # Errors
/// The first input that fails.
pub fn check(transaction: &Transaction, spent: &[TxOut]) -> Result<(), ConsensusError> {
    let inputs = transaction.input.len();
    if inputs != spent.len() {
        return Err(ConsensusError::Spent { inputs, spent: spent.len() });
    }
    let bytes = serialize(transaction);
    let utxos: Option<Vec<Utxo>> = spent
        .iter()
        .map(|output| {
            Some(Utxo {
                script_pubkey: output.script_pubkey.as_bytes().as_ptr(),
                script_pubkey_len: u32::try_from(output.script_pubkey.len()).ok()?,
                value: i64::try_from(output.value.to_sat()).ok()?,
            })
        })
        .collect();
    let utxos = utxos.ok_or(ConsensusError::Script(0))?;
    for (input, output) in spent.iter().enumerate() {
        let flags = VERIFY_ALL_PRE_TAPROOT | VERIFY_TAPROOT;
        let script = output.script_pubkey.as_bytes();
        verify_with_flags(script, output.value.to_sat(), &bytes, Some(&utxos), input, flags)
            .map_err(|_| ConsensusError::Script(input))?;
    }
    Ok(())
}
