"""What kube-controller-manager decides, as pure functions; files named as in Kubernetes."""
