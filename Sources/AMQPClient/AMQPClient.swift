// AMQPClient
