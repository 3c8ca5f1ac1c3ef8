// WeirPipeline
