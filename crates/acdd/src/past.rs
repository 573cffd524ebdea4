//! The figures of the past, wherever they are kept: with the journal, or in memory alone.

use acd_engine::{Domain, History, HistoryWanted, Refusal, RefusalKind, code};
use acd_journal::FiguresDesk;

/// Who is asked for figures by quarter of an hour. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    domain: Domain,
    /// Who knows what is durable; without a journal nothing is.
    desk: Option<FiguresDesk>,
}

impl Past {
    pub(crate) fn new(domain: Domain, desk: Option<FiguresDesk>) -> Self {
        Self { domain, desk }
    }

    /// The rows that are wanted.
    ///
    /// # Errors
    /// They cannot be read now; the refusal says why.
    pub(crate) async fn rows(&self, wanted: HistoryWanted) -> Result<History, Refusal> {
        let Some(desk) = &self.desk else {
            return Ok(self.domain.view().history(&wanted));
        };
        let unavailable = |message: String| {
            Refusal::new(RefusalKind::Unavailable, code::FIGURES_UNREADABLE, message)
        };
        match desk.history(wanted).await {
            Some(Ok(rows)) => Ok(rows),
            Some(Err(error)) => Err(unavailable(error.to_string())),
            None => Err(unavailable(
                "nobody reads the figures of past days now: too many ask, or the daemon stops"
                    .to_owned(),
            )),
        }
    }
}
