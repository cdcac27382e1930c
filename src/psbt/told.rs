//! What PSBTs say of the coins that they spend, one beside the other.
//!
//! Floor 1. Signatures are verified with what one of them says; so another answer must not hang on which of them comes
//! first. Where one of them says nothing, another may; where two say different things, nothing is joined.

use bitcoin::{ScriptBuf, TxOut, Txid};

use super::{Input, JoinError};

/// What was said of one coin, each with the number of the PSBT that said so first.
#[derive(Default)]
pub(super) struct Told {
    coin: Option<(usize, TxOut)>,
    redeem_script: Option<(usize, ScriptBuf)>,
    witness_script: Option<(usize, ScriptBuf)>,
}

impl Told {
    /// Hears what PSBT `psbt` says of the coin of `input`.
    ///
    /// # Errors
    /// It says something else than it or another did before, or gives a transaction that is not the coin's.
    pub(super) fn hear(
        &mut self,
        psbt: usize,
        input: u32,
        map: &Input,
        (txid, vout): (Txid, u32),
    ) -> Result<(), JoinError> {
        if let Some(previous) = &map.previous_tx {
            let output = usize::try_from(vout).ok().and_then(|vout| previous.outputs.get(vout));
            let output = output.filter(|_| previous.txid == txid).ok_or(JoinError::FalseCoin { psbt, input })?;
            one(&mut self.coin, psbt, input, output, "amount or script of the coin")?;
        }
        if let Some(output) = &map.witness_utxo {
            one(&mut self.coin, psbt, input, output, "amount or script of the coin")?;
        }
        if let Some(script) = &map.redeem_script {
            one(&mut self.redeem_script, psbt, input, script, "redeem script")?;
        }
        if let Some(script) = &map.witness_script {
            one(&mut self.witness_script, psbt, input, script, "witness script")?;
        }
        Ok(())
    }
}

fn one<T: Clone + PartialEq>(
    known: &mut Option<(usize, T)>,
    psbt: usize,
    input: u32,
    value: &T,
    what: &'static str,
) -> Result<(), JoinError> {
    match known {
        Some((first, before)) if before != value => Err(JoinError::Contradiction { first: *first, psbt, input, what }),
        Some(_) => Ok(()),
        None => {
            *known = Some((psbt, value.clone()));
            Ok(())
        }
    }
}
