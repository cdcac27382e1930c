//! What the rules look at: the PSBT, the ground, and what the first steps made of them.

use bitcoin::{Script, TxIn, TxOut};

use crate::{
    psbt::{Input, Output, Parsed},
    review::{
        Class, Ground, classes,
        ours::{Own, Standing},
        utxo::Spent,
    },
    wallet::{Scope, Wallet},
};

/// A PSBT on the table.
pub(super) struct Case<'c> {
    pub(super) parsed: &'c Parsed,
    pub(super) ground: &'c Ground<'c>,
    pub(super) spent: Vec<Spent>,
    /// By input.
    proofs: Vec<Standing>,
    /// By output.
    returns: Vec<Standing>,
    /// By output.
    pub(super) classes: Vec<Class>,
    /// Wallets that own an input, in order of their index.
    pub(super) paying: Vec<usize>,
}

/// One input with all that belongs to it.
#[derive(Clone, Copy)]
pub(super) struct InputView<'v> {
    pub(super) number: u32,
    pub(super) txin: &'v TxIn,
    pub(super) map: &'v Input,
    pub(super) spent: &'v Spent,
    pub(super) standing: &'v Standing,
    pub(super) own: Option<&'v Own>,
}

impl InputView<'_> {
    /// Whether it is ours, or claims to be.
    pub(super) const fn claimed(&self) -> bool {
        self.standing.claims()
    }
}

/// One output with all that belongs to it.
#[derive(Clone, Copy)]
pub(super) struct OutputView<'v> {
    pub(super) number: u32,
    pub(super) output: &'v TxOut,
    pub(super) map: &'v Output,
    pub(super) standing: &'v Standing,
    pub(super) own: Option<&'v Own>,
    pub(super) class: Class,
}

impl<'c> Case<'c> {
    /// Proves what can be proved to be ours, and classifies the outputs.
    pub(super) fn open(parsed: &'c Parsed, ground: &'c Ground<'c>, spent: Vec<Spent>) -> Self {
        let proofs: Vec<Standing> = parsed
            .inputs()
            .iter()
            .zip(&spent)
            .map(|(map, coin)| {
                let script = coin.utxo.as_ref().map_or(Script::new(), |utxo| &utxo.script_pubkey);
                Standing::of(ground.wallets, &Scope::of_input(map, script))
            })
            .collect();
        let returns: Vec<Standing> = parsed
            .outputs()
            .iter()
            .zip(&parsed.transaction().output)
            .map(|(map, output)| Standing::of(ground.wallets, &Scope::of_output(map, &output.script_pubkey)))
            .collect();
        let mut paying: Vec<usize> = proofs.iter().filter_map(|proof| Some(proof.own()?.wallet)).collect();
        paying.sort_unstable();
        paying.dedup();
        let classes = parsed
            .transaction()
            .output
            .iter()
            .zip(&returns)
            .map(|(output, proof)| classes::class(output, proof.own(), &paying, ground.wallets))
            .collect();
        Self { parsed, ground, spent, proofs, returns, classes, paying }
    }

    pub(super) fn wallet(&self, index: usize) -> Option<&'c Wallet> {
        self.ground.wallets.get(index)
    }

    /// A wallet's name, for a sentence.
    pub(super) fn name(&self, index: usize) -> &'c str {
        self.wallet(index).map_or("?", |wallet| wallet.name().as_str())
    }

    pub(super) fn inputs(&self) -> impl Iterator<Item = InputView<'_>> {
        let maps = self.parsed.inputs().iter().zip(&self.parsed.transaction().input);
        maps.zip(self.spent.iter().zip(&self.proofs)).zip(0u32..).map(|(((map, txin), (spent, standing)), number)| {
            InputView { number, txin, map, spent, standing, own: standing.own() }
        })
    }

    pub(super) fn outputs(&self) -> impl Iterator<Item = OutputView<'_>> {
        let maps = self.parsed.outputs().iter().zip(&self.parsed.transaction().output);
        maps.zip(self.returns.iter().zip(&self.classes)).zip(0u32..).map(
            |(((map, output), (standing, class)), number)| OutputView {
                number,
                output,
                map,
                standing,
                own: standing.own(),
                class: *class,
            },
        )
    }

    /// Whether one or more inputs are not ours.
    pub(super) fn any_foreign(&self) -> bool {
        self.proofs.iter().any(|proof| proof.own().is_none())
    }
}
