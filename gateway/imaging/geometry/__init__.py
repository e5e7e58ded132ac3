"""Where pixels go: transforms, warps, meshes drawn, optical flow, orientation."""
