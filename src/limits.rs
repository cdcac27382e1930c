//! Every limit on what comes from outside, in one table, each with its unit and source.
//!
//! Floor 0. A parser compares a number that it read with a limit before it allocates. Where a number differs
//! from the advice of a peer, the line says why.

/// Bytes of one PSBT, binary. A 1,400-input spend with its previous transactions fits; hardware signers, which have less
/// memory, take 1 to 2 MiB.
pub const PSBT_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of one PSBT file in any encoding: hex of the largest PSBT, and room for line ends.
pub const PSBT_TEXT_BYTES: usize = 2 * PSBT_BYTES + 64 * 1024;
/// Inputs of one transaction. 1,500 wpkh inputs fill the standard weight (BIP141, 400,000); hardware signers take 128 to
/// 512. Old coins are gathered in one transaction, and what is the same of many inputs is asked once.
pub const INPUTS: usize = 1_500;
/// Outputs of one transaction. 3,225 of the smallest that is paid to (wpkh, 31 bytes) fill the standard weight; hardware
/// signers take 512, for their memory. No output is hidden behind a number: each has its place on the pages, and whoever
/// finds them too many makes several transactions.
pub const OUTPUTS: usize = 4_000;
/// Weight units of the transaction as signed: the relay limit of Bitcoin Core. Data in an output has no other limit than
/// this: it is shown whole.
pub const WEIGHT: u64 = 400_000;
/// Bytes of the transaction without witnesses, least: the relay limit of Bitcoin Core (65), which stops a
/// transaction that could be taken for a node of a merkle tree.
pub const TX_BYTES_MIN: usize = 65;
/// Bytes of one previous transaction: a block's worth (4,000,000 weight). Most have 400 kB at most, which is what nodes
/// relay; miners put larger ones into blocks, and their coins are as good. All of a PSBT together have its own limit.
pub const PREVIOUS_TX_BYTES: usize = 4_000_000;
/// Key-value pairs of one PSBT: 12 an input and output at the largest counts (66,000), and some; 20,000 would be enough
/// for the counts that hardware signers take.
pub const PSBT_PAIRS: usize = 80_000;
/// Key-value pairs of one map: 20 signers with a signature and a derivation each, hash preimages, leaves.
pub const PSBT_MAP_PAIRS: usize = 512;
/// Bytes of one key of a PSBT: a control block of 128 steps (BIP341) is the longest.
pub const PSBT_KEY_BYTES: usize = 4_129;
/// Bytes of one key of a PSBT that is no control block, a proprietary one too: other readers let these have 1,024, and
/// nothing that is in use comes near.
pub const PSBT_PLAIN_KEY_BYTES: usize = 600;
/// Unknown and proprietary pairs of one map.
pub const PSBT_UNKNOWN_PAIRS: usize = 32;
/// Bytes of all unknown and proprietary pairs of one map.
pub const PSBT_UNKNOWN_BYTES: usize = 16 * 1024;
/// Key derivation records of one input or output.
pub const DERIVATIONS: usize = 20;
/// Extended keys in the global map of a PSBT.
pub const GLOBAL_XPUBS: usize = 20;
/// Places of a wallet that the key records of one input or output may name before it is refused, and of which the keys
/// are derived to compare them with a key of another fingerprint: an honest one names a single place, and each costs a
/// derivation of every key.
pub const PLACES: usize = 3;
/// Steps of a BIP32 path in a record.
pub const PATH_STEPS: usize = 12;
/// Bytes of a redeem script (consensus, BIP16: a pushed element).
pub const REDEEM_SCRIPT_BYTES: usize = 520;
/// Bytes of a witness script (Bitcoin Core's relay limit).
pub const WITNESS_SCRIPT_BYTES: usize = 3_600;
/// Bytes of a script that a network node runs (consensus, outside of taproot).
pub const SCRIPT_BYTES: usize = 10_000;
/// Items of a witness: 1,000 on the stack (consensus) with script, control block and annex.
pub const WITNESS_ITEMS: usize = 1_003;
/// Bytes of a leaf script of taproot that we read.
pub const LEAF_SCRIPT_BYTES: usize = 10_000;
/// Steps from the root of a registered tree to a leaf (BIP341 has 128): 16 leave room for all keys of a wallet, and
/// people can be shown what is there.
pub const TAP_TREE_DEPTH: usize = 16;
/// Ways to spend a coin of one wallet: what people can be shown at registration.
pub const SPENDING_PATHS: usize = 64;
/// Satoshi that can exist.
pub const MAX_MONEY: u64 = 2_100_000_000_000_000;
/// Decisions of one rule at inputs, or at outputs, that people acknowledge one by one; more of them are one, which names
/// every place: who types the same letters a thousand times has stopped to read (our own figure).
pub const DECISIONS_OF_A_RULE: usize = 8;
/// Change index above the highest one seen: acknowledged by each custodian beyond this.
pub const CHANGE_GAP: u32 = 200;
/// Change index above the highest one seen while a wallet has no history.
pub const FIRST_CHANGE_GAP: u32 = 1_000;
/// Change index that is refused, whatever was seen.
pub const CHANGE_INDEX: u32 = 100_000;
/// Satoshi of a pay-to-anchor output, most: nodes relay it from 240 on, and nobody has a use for more (BIP433).
pub const ANCHOR_SAT: u64 = 1_000;
/// Addresses that `--find` looks through on each branch.
pub const FIND_GAP: u32 = 100_000;
/// Addresses of one listing.
pub const ADDRESSES: u32 = 1_000_000;
/// Block height that this release knows to be past; a locktime is judged against it or the highest signed.
pub const REFERENCE_HEIGHT: u32 = 976_000;
/// Blocks beyond the reference height that a locktime may name (52,560 is one year).
pub const LOCKTIME_BLOCKS: u32 = 52_560;
/// Blocks beyond the reference height, or of a relative lock, from which on it is acknowledged (one day).
pub const LOCKTIME_NOTICE_BLOCKS: u32 = 144;
/// Blocks before the reference height from which on a locktime is that of the present: wallets set the height of their
/// last block, and Bitcoin Core at times one up to 100 below, to keep miners from going back for the fee.
pub const PRESENT_BLOCKS: u32 = 100;
/// Seconds since 1970 that this release knows to be past (2026-11-22); a time lock is judged against it.
pub const REFERENCE_TIME: u64 = 1_795_305_600;
/// Seconds beyond the reference time that a locktime may name (one year of 365 days).
pub const LOCKTIME_SECONDS: u64 = 31_536_000;
/// Seconds beyond the reference time, or of a relative lock, from which on it is acknowledged: one day, as the 144 blocks
/// beside it. Signers with a clock ask from two hours on; here the time is the release's, and a lock of hours is long
/// past when a transaction comes.
pub const LOCKTIME_NOTICE_SECONDS: u64 = 86_400;
/// Satoshi of our inputs from which on a transaction without change is acknowledged.
pub const SWEEP_NOTICE_SAT: u64 = 1_000_000;
/// Keys derived in one review to find coins of ours that nobody declared.
pub const LOOKUP_KEYS: usize = 40_000;
/// Addresses to each side of the highest index that external outputs are compared with (BIP44's gap).
pub const OWN_ADDRESS_WINDOW: u32 = 20;
/// Indices of each branch of a destination's descriptor that outputs are compared with, whatever the PSBT says.
pub const DESTINATION_INDICES: u32 = 1_000;
/// The highest index at which an address of a destination's descriptor counts, where the PSBT says that it stands there:
/// as far as services with an address a customer go, and as far as somebody can search in hours.
pub const DESTINATION_INDEX: u32 = 10_000_000;
/// Places beyond them that a PSBT may name, of all its outputs.
pub const DESTINATION_HINTS: usize = 1_000;
/// Keys on all branches of all descriptors of a policy's destinations: 40,000 derivations a review.
pub const DESTINATION_KEYS: usize = 40;
/// Custodians of a vault (SLIP-39).
pub const CUSTODIANS: usize = 16;
/// Wallets of a vault.
pub const WALLETS: usize = 256;
/// Keys of one wallet (`multi` in a witness script: 20; BIP67 and Bitcoin Core's relay of `sh`: 15).
pub const WALLET_KEYS: usize = 20;
/// Bytes of one descriptor's text.
pub const DESCRIPTOR_BYTES: usize = 8 * 1024;
/// Levels of nesting of one descriptor: a tree of taproot and its scripts need fewer (miniscript: 402).
pub const DESCRIPTOR_DEPTH: usize = 100;
/// Characters of an address that is looked for: the longest of BIP173 has 90.
pub const ADDRESS_CHARACTERS: usize = 90;
/// Bytes of a slot file.
pub const SLOT_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of a share file.
pub const SHARE_BYTES: usize = 64 * 1024;
/// Bytes inside of a sealed file (body or share): a seed with passphrase and the record of its making; below one
/// chunk of age's stream (64 KiB).
pub const SEALED_BYTES: usize = 32 * 1024;
/// Bytes of a sealed file as armoured text: base64 of the largest inside, header and line ends.
pub const SEALED_TEXT_BYTES: usize = 48 * 1024;
/// Bytes of a journal: more than ten years of four transactions a day, and little enough to be held several times by a
/// machine with 1 GB.
pub const JOURNAL_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of one journal line: a transaction of the largest size names all its outpoints and outputs.
pub const JOURNAL_LINE_BYTES: usize = 2 * 1024 * 1024;
/// Bytes of a policy.
pub const POLICY_BYTES: usize = 64 * 1024;
/// Bytes of a typed line: a passphrase, a mnemonic.
pub const TYPED_BYTES: usize = 4 * 1024;
/// Seconds that a question waits for an answer; then the ceremony ends and what was open is overwritten.
pub const IDLE_SECONDS: u64 = 1_800;
/// Milliseconds after a page in which keys still belong to it: a bounce of Enter is no refusal.
pub const BOUNCE_MILLISECONDS: u64 = 300;
/// Bytes of a mnemonic's text: 24 words of the longest list (BIP39), 59 of SLIP-39's, with spaces.
pub const MNEMONIC_BYTES: usize = 1024;
/// Words of a SLIP-39 share, most: 64 bytes of secret (a BIP39 seed).
pub const SLIP39_WORDS: usize = 59;
/// Rolls or flips that a person may type in one ceremony.
pub const ROLLS: usize = 1_024;
/// log2 of scrypt's N, most, in a file that we open (256 MiB is 18).
pub const SCRYPT_LOG_N: u8 = 20;
/// Tries for a low R (two are needed on average).
pub const LOW_R_TRIES: u32 = 256;
/// Bytes of one file of test vectors from a folder (the largest that is built in has 0.2 MB).
pub const VECTOR_FILE_BYTES: usize = 16 * 1024 * 1024;
/// Characters of one QR code's text that is taken: a code of version 40, letters and digits, level L (ISO 18004).
pub const QR_TEXT: usize = 4_296;
/// Parts of one message by QR: four times what one megabyte needs at the sparsest density that is shown. BBQr counts to
/// 1,295 by itself.
pub const QR_PARTS: u32 = 4_096;
/// Bytes of one message by QR, unpacked: half a megabyte takes a minute and more to show.
pub const QR_MESSAGE_BYTES: usize = 1024 * 1024;
/// Bytes that one byte of packed data may become: PSBTs reach 2, wallets' JSON 20, a bomb 1,000.
pub const QR_INFLATE_RATIO: usize = 100;
/// Bytes of packed data that may grow beyond the ratio: a short text of blanks.
pub const QR_INFLATE_FREE: usize = 64 * 1024;
/// Pictures of one folder that are read as frames, and frames of one film: at 30 a second, eleven minutes.
pub const QR_PICTURES: usize = 20_000;
/// Bytes of one picture that is read: 12 megapixels, barely packed.
pub const PICTURE_BYTES: usize = 32 * 1024 * 1024;
/// Pixels of one picture: what telephones call 12 megapixels, 4,096 by 3,072 at most.
pub const PICTURE_PIXELS: usize = 12_582_912;
/// Pixels of one side of a picture: JPEG can say no more.
pub const PICTURE_SIDE: usize = 65_535;
/// Passes of one JPEG over its picture: encoders make 10, and each costs time whatever its size.
pub const PICTURE_SCANS: usize = 64;
/// Bytes of the first line of a film, and of the line before each frame (Y4M).
pub const VIDEO_LINE_BYTES: usize = 1024;
/// Steps of a path in a key by QR (BIP32: 255 at most).
pub const QR_PATH_STEPS: u64 = 32;
/// Keys of one descriptor, and descriptors of one account, by QR.
pub const QR_KEYS: u64 = 64;
/// Places of one text that look like an extended private key and are none: each costs as much as a key.
pub const QR_KEYS_ALIKE: usize = 1_000;
/// Places of one picture that look like the corner of a code and are followed up, the largest first.
pub const QR_CORNERS: usize = 400;
/// Threes of them that are tried; the code of a clear picture is among the first.
pub const QR_PLACES: usize = 300;
/// Codes of one picture.
pub const QR_CODES: usize = 8;
/// Pixels of a picture that the slower of two readers takes as it is; a larger one is halved before.
pub const QR_SECOND_PIXELS: usize = 2_500_000;
/// Seconds for which a single picture waits for the second eye, which is done with an honest one in a tenth of that.
pub const QR_SECOND_SECONDS: u64 = 5;
/// Megabytes of memory that the appliance needs: opening a share takes 256 (scrypt's N of 2^18), a large PSBT 64, the
/// image itself about as much.
pub const APPLIANCE_MEMORY_MB: u64 = 600;
/// Bytes of a USB device's descriptors: a camera with many formats has some thousands. The kernel shows 65,553 of them, and
/// nobody knows what comes after those.
pub const USB_DESCRIPTOR_BYTES: usize = 64 * 1024;
/// Bytes of one request to the process that mounts sticks.
pub const REQUEST_BYTES: usize = 256;
/// Names in one folder that is looked through: a stick of photographs has as many, and somebody else's has no more to be
/// kept in memory and shown.
pub const FOLDER_NAMES: usize = 10_000;
/// Disks and partitions that are looked at, at a time: sixteen sticks are as many disks with a partition each.
pub const BLOCKS: usize = 32;
/// Sticks beyond that which are told of, at a time.
pub const STICKS_BEYOND: usize = 8;
/// Block groups of an ext4 stick: 4 TB as the tools make them (128 MB each). The kernel keeps up to a kilobyte of each in
/// memory for as long as the stick is mounted.
pub const EXT4_GROUPS: u64 = 32_768;
/// Clusters of an exFAT stick: the kernel reads a bit for each, 8 MB. 8 TB have as many as the tools make them (128 kB each).
pub const EXFAT_CLUSTERS: u64 = 64 * 1024 * 1024;
/// Bytes of a root folder that are looked through for a label, which the tools write there first: as many as the largest
/// usual cluster has.
pub const ROOT_FOLDER_BYTES: u64 = 32 * 1024;
