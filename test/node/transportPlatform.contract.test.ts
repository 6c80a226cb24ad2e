import { NodeTransport } from "effect-adobe-pass-node"
import { transportContract } from "./transportContract.js"

transportContract("the platform's transport", NodeTransport.layerPlatform())
transportContract(
  "the platform's transport on one connection",
  NodeTransport.layerPlatform({ connections: 1 })
)
