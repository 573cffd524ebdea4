//! What the command line of `journal` may say.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// Reads every record and every snapshot: what is there, what is damaged, what to do.
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(FolderArguments),

    /// Prints commands, one a line, in the order in which they were applied.
    ///
    /// Nothing of the caller is shown unless --with-callers says so: a call is named by its place
    /// in acdd's memory.
    #[command(after_help = DUMP_EXAMPLES)]
    Dump(DumpArguments),

    /// Carries out all commands once more, and proves that every decision is as it was.
    ///
    /// It begins at the beginning, or with the oldest snapshot from which all is kept. Each record
    /// holds a digest of all events up to it, and each later snapshot has to be the state that is
    /// come to.
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(FolderArguments),

    /// Cuts off all that comes after a sequence, so that a daemon starts again.
    ///
    /// It shows first what would go, and asks. What it cuts off is not deleted but put into a
    /// folder in DIR. acdd knows nothing of it any more; adapters bring back the calls that they
    /// hold. No daemon may use the folder.
    #[command(after_help = REPAIR_EXAMPLES)]
    Repair(RepairArguments),
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  acdctl journal verify /var/lib/acdd/journal
  acdctl journal verify /var/lib/acdd/journal --json | jq .start_refused

Exit codes: 0 all is whole, and a daemon would start; 1 something is damaged, or a start would be
refused; 2 there is no journal in DIR. A torn end is no damage: the next start cuts it off.";

const DUMP_EXAMPLES: &str = "\
Examples:
  acdctl journal dump /var/lib/acdd/journal --from 120000 --to 120050
  acdctl journal dump /var/lib/acdd/journal --with-callers | grep 1700000000.42
  acdctl journal dump /var/lib/acdd/journal --json | jq 'select(.command == \"call_offered\")'

Exit codes: 0 all that was asked for and is kept has been shown; 1 the journal is damaged there;
2 there is no journal in DIR.";

const REPLAY_EXAMPLES: &str = "\
Examples:
  acdctl journal replay /var/lib/acdd/journal
  acdctl journal replay /var/lib/acdd/journal --json | jq .commands_per_second

Exit codes: 0 every decision is as it was; 1 one differs, or the journal is damaged or was written
by another version of acdd; 2 there is no journal in DIR.";

const REPAIR_EXAMPLES: &str = "\
Examples:
  acdctl journal verify /var/lib/acdd/journal                      says up to where all is sound
  acdctl journal repair /var/lib/acdd/journal --keep-until 119876
  acdctl journal repair /var/lib/acdd/journal --keep-until 119876 --yes

Exit codes: 0 the journal ends with SEQ; 1 nothing was changed, as nobody said yes or a daemon uses
the folder, or the disk failed under way; 2 SEQ cannot be the last sequence, or there is no journal
in DIR.";

#[derive(Args, Debug)]
pub(crate) struct FolderArguments {
    /// The folder of the journal: what `acdd --journal` names, or `path` under `[journal]`.
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct DumpArguments {
    #[command(flatten)]
    pub(crate) journal: FolderArguments,
    /// The first sequence to show.
    #[arg(long, value_name = "SEQ", default_value_t = 1, hide_default_value = true)]
    pub(crate) from: u64,
    /// The last sequence to show.
    #[arg(long, value_name = "SEQ", default_value_t = u64::MAX, hide_default_value = true)]
    pub(crate) to: u64,
    /// Show what belongs to callers, too: ids and attributes of calls; and the reasons that people
    /// typed.
    #[arg(long)]
    pub(crate) with_callers: bool,
}

#[derive(Args, Debug)]
pub(crate) struct RepairArguments {
    #[command(flatten)]
    pub(crate) journal: FolderArguments,
    /// The last sequence to keep: what `verify`, or the refused start, calls sound; 0 for none.
    #[arg(long, value_name = "SEQ")]
    pub(crate) keep_until: u64,
    /// Do it without asking.
    #[arg(long)]
    pub(crate) yes: bool,
}
