//! The numbers of a policy: each key of `[caps]` with its default, its range, and how it reads in English.

use crate::review::Caps;

/// A key of `[caps]`.
pub(super) struct Cap {
    /// Its name in TOML; the unit is the last word.
    pub(super) key: &'static str,
    /// Least value.
    pub(super) least: u64,
    /// Largest value: a policy cannot loosen a rule beyond it.
    pub(super) most: u64,
    pub(super) get: fn(&Caps) -> u64,
    pub(super) set: fn(&mut Caps, u64),
}

/// All keys of `[caps]`, in the order in which a policy is read out. A policy may loosen a default up to here: ten
/// times the default rate and fee, as much fee as is paid, one hundred change outputs, five years of blocks.
pub(super) const CAPS: [Cap; 9] = [
    Cap {
        key: "fee_rate_notice_sat_vb",
        least: 0,
        most: 10_000,
        get: |caps| caps.fee_rate_notice_sat_vb,
        set: |caps, value| caps.fee_rate_notice_sat_vb = value,
    },
    Cap {
        key: "fee_rate_refuse_sat_vb",
        least: 1,
        most: 10_000,
        get: |caps| caps.fee_rate_refuse_sat_vb,
        set: |caps, value| caps.fee_rate_refuse_sat_vb = value,
    },
    Cap {
        key: "fee_notice_sat",
        least: 0,
        most: 1_000_000_000,
        get: |caps| caps.fee_notice_sat,
        set: |caps, value| caps.fee_notice_sat = value,
    },
    Cap {
        key: "fee_refuse_sat",
        least: 1_000,
        most: 1_000_000_000,
        get: |caps| caps.fee_refuse_sat,
        set: |caps, value| caps.fee_refuse_sat = value,
    },
    Cap {
        key: "fee_share_notice_percent",
        least: 0,
        most: 100,
        get: |caps| caps.fee_share_notice_percent,
        set: |caps, value| caps.fee_share_notice_percent = value,
    },
    Cap {
        key: "fee_share_refuse_percent",
        least: 1,
        most: 100,
        get: |caps| caps.fee_share_refuse_percent,
        set: |caps, value| caps.fee_share_refuse_percent = value,
    },
    Cap {
        key: "change_outputs_notice",
        least: 0,
        most: 100,
        get: |caps| caps.change_outputs_notice.into(),
        set: |caps, value| caps.change_outputs_notice = narrow(value),
    },
    Cap {
        key: "change_outputs_refuse",
        least: 0,
        most: 100,
        get: |caps| caps.change_outputs_refuse.into(),
        set: |caps, value| caps.change_outputs_refuse = narrow(value),
    },
    Cap {
        key: "locktime_blocks",
        least: 0,
        most: 262_800,
        get: |caps| caps.locktime_blocks.into(),
        set: |caps, value| caps.locktime_blocks = narrow(value),
    },
];

/// Keys of which the first may not be above the second.
pub(super) const PAIRS: [(&str, &str); 4] = [
    ("fee_rate_notice_sat_vb", "fee_rate_refuse_sat_vb"),
    ("fee_notice_sat", "fee_refuse_sat"),
    ("fee_share_notice_percent", "fee_share_refuse_percent"),
    ("change_outputs_notice", "change_outputs_refuse"),
];

pub(super) fn cap(key: &str) -> Option<&'static Cap> {
    CAPS.iter().find(|cap| cap.key == key)
}

/// Values are compared with ceilings far below 2^32 before they are set.
fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
