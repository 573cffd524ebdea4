//! How the daemon is, for those who run it.

use crate::about::About;
use crate::convert::status::get_status;
use crate::grpc::domain_named;
use acd_engine::Domain;
use acd_proto::v1::admin_service_server::AdminService;
use acd_proto::v1::{GetStatusRequest, GetStatusResponse};
use tonic::{Request, Response, Status};

/// The service of those who run the daemon.
#[derive(Clone, Debug)]
pub(crate) struct AdminDesk {
    domain: Domain,
    about: About,
}

impl AdminDesk {
    /// A desk that tells about `domain` and the process that runs it.
    pub(crate) fn new(domain: Domain, about: About) -> Self {
        Self { domain, about }
    }
}

#[tonic::async_trait]
impl AdminService for AdminDesk {
    async fn get_status(
        &self,
        request: Request<GetStatusRequest>,
    ) -> Result<Response<GetStatusResponse>, Status> {
        domain_named(&request.into_inner().domain)?;
        Ok(Response::new(get_status(self.domain.status(), &self.about)))
    }
}
