import ServiceLifecycle
package import TensorStore

/// Asks the tensor store for a sign of life now and then, so that readiness speaks of this moment.
package struct StoreMonitor: Service {
    private let store: any TensorStore

    package init(store: any TensorStore) { self.store = store }

    package func run() async throws {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            // A failure shows in the store's state.
            try? await store.ping()
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(2)) }
        }
    }

    /// nil while the store can be reached, else a sentence naming what is missing.
    package static func problem(of store: any TensorStore) -> String? {
        if case .disconnected(let reason) = store.state { reason } else { nil }
    }
}
