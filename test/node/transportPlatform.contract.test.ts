import { platformTransport } from "./platformTransport.js"
import { transportContract } from "./transportContract.js"

transportContract("the platform's transport", platformTransport())
transportContract("the platform's transport on one connection", platformTransport({ connections: 1 }))
