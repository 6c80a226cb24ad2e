export * as FileStore from "./FileStore.js"
export * as NodeAdobePass from "./NodeAdobePass.js"
export * as NodeTransport from "./NodeTransport.js"
