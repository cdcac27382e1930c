//! Whether two wallets have scripts in common.
//!
//! Floor 1. A coin must be of one wallet: names, ledgers and the rule on mixed wallets count on it.

use super::{
    coin::Coin,
    kind::{Kind, Multi},
    register::{Wallet, WalletError},
};

impl Wallet {
    /// Whether some script is of both wallets: the same keys at one index, in the same kind of script. `multi` and
    /// `sortedmulti` of the same keys meet wherever the keys happen to stand in order.
    ///
    /// # Errors
    /// None in practice: the branches are the wallets' own, and have an index 0.
    pub fn overlaps(&self, other: &Self) -> Result<bool, WalletError> {
        if any_order(self.kind()) != any_order(other.kind()) {
            return Ok(false);
        }
        let sorted = [self, other].iter().any(|wallet| wallet.kind().multi().is_some_and(|multi| multi.sorted));
        let keys = |coin: Coin| {
            let mut keys = coin.keys;
            if sorted {
                keys.sort_unstable();
            }
            keys
        };
        for branch in self.branches() {
            let ours = keys(self.coin(*branch, 0)?);
            for branch in other.branches() {
                if keys(other.coin(*branch, 0)?) == ours {
                    return Ok(true);
                }
            }
        }
        Ok(false)
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
        let in_order = "wsh(multi(2,@0/<0;1>/*,@1/<0;1>/*,@2/<0;1>/*))";
        overlap(in_order, "wsh(multi(2,@1/<0;1>/*,@0/<0;1>/*,@2/<0;1>/*))", false);
    }
}
