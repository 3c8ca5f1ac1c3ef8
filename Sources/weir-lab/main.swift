print("weir-lab")
