//! Whether two wallets have scripts in common.
//!
//! Floor 1. A coin must be of one wallet: names, ledgers and the rule on mixed wallets count on it.

use bitcoin::ScriptBuf;

use super::{
    kind::{Kind, Multi},
    register::{Wallet, WalletError},
};

/// What tells the scripts of a wallet from those of another: the first coin of each branch.
pub struct Marks(Vec<Mark>);

/// The first coin of one branch.
struct Mark {
    kind: Kind,
    script: ScriptBuf,
    keys: Vec<[u8; 33]>,
}

impl Marks {
    /// Whether some script is of both wallets. `multi` and `sortedmulti` of the same keys meet wherever the keys
    /// happen to stand in order, and so not always at the first coin.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> bool {
        self.0.iter().any(|one| other.0.iter().any(|other| one.meets(other)))
    }
}

impl Mark {
    fn meets(&self, other: &Self) -> bool {
        if self.script == other.script {
            return true;
        }
        let sorted = [self, other].iter().any(|mark| mark.kind.multi().is_some_and(|multi| multi.sorted));
        let in_order = |mark: &Self| {
            let mut keys = mark.keys.clone();
            keys.sort_unstable();
            keys
        };
        sorted && any_order(self.kind) == any_order(other.kind) && in_order(self) == in_order(other)
    }
}

impl Wallet {
    /// Its marks, for comparing it with others.
    ///
    /// # Errors
    /// None in practice: the branches are the wallet's own, and have an index 0.
    pub fn marks(&self) -> Result<Marks, WalletError> {
        let mark = |branch: &u32| {
            let coin = self.coin(*branch, 0)?;
            Ok(Mark { kind: self.kind(), script: coin.script_pubkey, keys: coin.keys })
        };
        self.branches().iter().map(mark).collect::<Result<_, _>>().map(Marks)
    }

    /// Whether some script is of both wallets.
    ///
    /// # Errors
    /// As [`Self::marks`].
    pub fn overlaps(&self, other: &Self) -> Result<bool, WalletError> {
        Ok(self.marks()?.overlap(&other.marks()?))
    }
}

/// The kind without the order of its keys.
const fn any_order(kind: Kind) -> Kind {
    const fn plain(multi: Multi) -> Multi {
        Multi { sorted: false, ..multi }
    }
    match kind {
        Kind::Sh(multi) => Kind::Sh(plain(multi)),
        Kind::ShWsh(multi) => Kind::ShWsh(plain(multi)),
        Kind::Wsh(multi) => Kind::Wsh(plain(multi)),
        Kind::Pkh
        | Kind::ShWpkh
        | Kind::Wpkh
        | Kind::Tr
        | Kind::ShScript
        | Kind::ShWshScript
        | Kind::WshScript
        | Kind::TrTree => kind,
    }
}

#[cfg(test)]
mod tests {
    use crate::wallet::samples;

    #[track_caller]
    fn overlap(one: &str, two: &str, expected: bool) {
        let [one, two] = [one, two].map(|text| samples::wallet(text, "m/48h/0h/0h/2h"));
        assert_eq!((one.overlaps(&two), two.overlaps(&one)), (Ok(expected), Ok(expected)));
    }

    #[test]
    fn the_same_scripts_are_known_under_any_text() {
        overlap("wpkh(@0/<0;1>/*)", "wpkh(@0/<0;1>/*)", true);
        overlap("wpkh(@0/<0;1>/*)", "wpkh(@0/<1;2>/*)", true);
        let sorted = "wsh(sortedmulti(2,@0/<0;1>/*,@1/<0;1>/*,@2/<0;1>/*))";
        overlap(sorted, "wsh(sortedmulti(2,@2/<0;1>/*,@0/<0;1>/*,@1/<0;1>/*))", true);
        overlap(sorted, "wsh(multi(2,@0/<0;1>/*,@1/<0;1>/*,@2/<0;1>/*))", true);
        overlap(sorted, "wsh(multi(2,@1/<0;1>/*,@0/<0;1>/*,@2/<0;1>/*))", true);
        let tree = "tr(@0/<0;1>/*,{pk(@1/<0;1>/*),and_v(v:pk(@2/<0;1>/*),older(1000))})";
        overlap(tree, tree, true);
        overlap(tree, "tr(@0/<0;1>/*,{and_v(v:pk(@2/<0;1>/*),older(1000)),pk(@1/<0;1>/*)})", true);
        let script = "wsh(or_d(multi(2,@0/<0;1>/*,@1/<0;1>/*),and_v(v:pkh(@2/<0;1>/*),older(52560))))";
        overlap(script, &script.replace("<0;1>", "<1;5>"), true);
    }

    #[test]
    fn other_scripts_are_no_overlap() {
        overlap("wpkh(@0/<0;1>/*)", "wpkh(@1/<0;1>/*)", false);
        overlap("wpkh(@0/<0;1>/*)", "wpkh(@0/<2;3>/*)", false);
        overlap("wpkh(@0/<0;1>/*)", "pkh(@0/<0;1>/*)", false);
        overlap("wpkh(@0/<0;1>/*)", "sh(wpkh(@0/<0;1>/*))", false);
        let sorted = "wsh(sortedmulti(2,@0/<0;1>/*,@1/<0;1>/*,@2/<0;1>/*))";
        overlap(sorted, "wsh(sortedmulti(1,@0/<0;1>/*,@1/<0;1>/*,@2/<0;1>/*))", false);
        overlap(sorted, "wsh(sortedmulti(2,@0/<0;1>/*,@1/<0;1>/*,@3/<0;1>/*))", false);
        overlap(sorted, "wsh(sortedmulti(2,@0/<0;1>/*,@1/<0;1>/*))", false);
        overlap(sorted, "sh(wsh(sortedmulti(2,@0/<0;1>/*,@1/<0;1>/*,@2/<0;1>/*)))", false);
        let script = "wsh(or_d(multi(2,@0/<0;1>/*,@1/<0;1>/*),and_v(v:pkh(@2/<0;1>/*),older(52560))))";
        overlap(script, &script.replace("52560", "52561"), false);
        overlap(script, &format!("sh({script})"), false);
        overlap(script, "wsh(or_d(multi(2,@1/<0;1>/*,@0/<0;1>/*),and_v(v:pkh(@2/<0;1>/*),older(52560))))", false);
        overlap("tr(@0/<0;1>/*)", "tr(@0/<0;1>/*,pk(@1/<0;1>/*))", false);
        let in_order = "wsh(multi(2,@0/<0;1>/*,@1/<0;1>/*,@2/<0;1>/*))";
        overlap(in_order, "wsh(multi(2,@1/<0;1>/*,@0/<0;1>/*,@2/<0;1>/*))", false);
    }
}
