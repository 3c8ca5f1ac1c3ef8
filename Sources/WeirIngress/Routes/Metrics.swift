import WeirMetrics

extension RequestHandler {
    /// `GET /metrics`: everything that this process has recorded, in Prometheus's text format.
    func showMetrics() async throws(Problem) -> Answer {
        guard let metricsText else {
            throw Problem(
                .notFound, "this server keeps no metrics to read; its operator has sent them elsewhere")
        }
        _ = await probe.finding()
        metrics.sample(self)
        var answer = Answer(.ok, Array(metricsText().utf8))
        answer.mediaType = .metrics
        return answer
    }
}
