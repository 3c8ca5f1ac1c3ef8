import HTTPTypes
import WeirLive

extension Target {
    /// The scope that a request wants; nil for what is open to everybody, and for methods that are refused anyway.
    func scope(for method: HTTPRequest.Method) -> Scope? {
        let isReading = method == .get || method == .head
        return switch self {
        case .intents, .intentChange, .orders, .orderChange: method == .post ? .intentsWrite : nil
        // Read, it is an intent that happens to be called so.
        case .batch: method == .post ? .intentsWrite : isReading ? .intentsRead : nil
        case .intent, .order, .events: isReading ? .intentsRead : nil
        case .skus: isReading ? .stockRead : nil
        case .sku: isReading ? .stockRead : method == .put ? .stockWrite : nil
        case .adjustments: method == .post ? .stockWrite : nil
        // Reading needs it too: a letter holds what anybody sent.
        case .dead: .deadWrite
        // How much is sold, and how fast, is the shop's own business.
        case .metrics: isReading ? .stockRead : nil
        // A load balancer asks without a credential; the answer tells nothing about the shop.
        case .livez, .readyz: nil
        // The same for everybody, and what a refusal leads to must be there for who was refused.
        case .openAPI, .asyncAPI, .problems, .problem: nil
        }
    }
}
