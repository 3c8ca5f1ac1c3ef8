import HTTPTypes
import WeirLive

extension Target {
    /// The scope that a request wants; nil for what is open to everybody, and for methods that are refused anyway.
    func scope(for method: HTTPRequest.Method) -> Scope? {
        let isReading = method == .get || method == .head
        return switch self {
        case .intents, .intentChange: method == .post ? .intentsWrite : nil
        case .intent: isReading ? .intentsRead : nil
        case .skus: isReading ? .stockRead : nil
        case .sku: isReading ? .stockRead : method == .put ? .stockWrite : nil
        case .adjustments: method == .post ? .stockWrite : nil
        // A load balancer asks without a credential; the answer tells nothing about the shop.
        case .livez, .readyz: nil
        }
    }
}
